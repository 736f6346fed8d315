"""Charts as SVG: their links stay on this server, and nothing of them is fetched."""

import re

from starlette.testclient import TestClient


def test_links_of_bars_lead_to_this_server(client: TestClient) -> None:
    page = client.get("/volumes?period=last+90+days").text
    links = re.findall(r'xlink:href="([^"]+)"', page)
    assert links
    assert [] == [link for link in links if not link.startswith("/volumes?")]
    assert 200 == client.get(links[0].replace("&amp;", "&")).status_code
