"""The screens, one file each; every module here holds a SCREEN."""
