"""The page in a real Chromium: at a desk, on a phone and in print, without any request.

Screenshots go to test-output/report, to be looked at.
"""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from movie_pipeline_tests.sender_report.ten_faults import TEN_FAULTS
from movie_pipeline_tests.sender_report.test_report import told_of

PICTURES = Path(__file__).parents[2] / "test-output" / "report"
CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
SIZES = {"desk": (1280, 900), "phone": (390, 844)}
LUMINANCE = """element => {
  const parts = getComputedStyle(element).color.match(/[0-9.]+/g).slice(0, 3).map(Number);
  const [r, g, b] = parts.map(c => c / 255).map(
    c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


def test_the_page_fits_is_readable_and_asks_for_nothing(tmp_path: Path) -> None:
    told_of(tmp_path, TEN_FAULTS)
    # its correction file as it is called beside the records set apart
    page_file = tmp_path / "told.html"
    named = page_file.read_text("utf-8").replace(
        "told.correction", f"{'0123456789abcdef' * 2}.correction"
    )
    page_file.write_text(named, "utf-8")
    address = page_file.as_uri()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=True,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        try:
            for name, (width, height) in SIZES.items():
                page = chromium.new_page(viewport={"width": width, "height": height})
                asked: list[str] = []
                said: list[str] = []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.on("console", lambda message, said=said: said.append(message.text))
                page.goto(address)
                page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
                assert asked == [address]
                assert said == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.locator("html").get_attribute("lang") == "en"
                # WCAG: 4.5 to 1 on white
                for text in (".soft", "footer p", "td.wrong b", ".todo"):
                    luminance = page.locator(text).first.evaluate(LUMINANCE)
                    assert 1.05 / (luminance + 0.05) >= 4.5, text
                assert page.locator("table").count() == 2
                assert page.locator("table caption").count() == 2
                assert page.locator("tbody tr th[scope=row]").count() == 10 + 12
                page.close()
            page = chromium.new_page(viewport={"width": 1000, "height": 760})
            page.goto(address)
            page.screenshot(path=PICTURES / "report.small.png")  # for the docs
            page.close()
            page = chromium.new_page(viewport={"width": 794, "height": 1123})
            page.emulate_media(media="print")
            page.goto(address)
            page.screenshot(path=PICTURES / "print.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= 794
        finally:
            chromium.close()
