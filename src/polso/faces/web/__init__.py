"""The web application: screens, each one file and one template, over the questions that every face asks."""
