"""Makes the README's picture, docs/preview.png: `python -m tests.real.screens`."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.real.screens.browser import Browser
from tests.real.screens.samples import page_of_the_publication

TARGET = Path(__file__).parents[3] / "docs" / "preview.png"
WIDTH = 1280


async def main() -> None:
    """The newest article of the sandbox's publication, as large as it is, in 256 colours."""
    with TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        async with Browser(await page_of_the_publication(1), Path(folder)).open() as browser:
            height = (await browser.measure(WIDTH, "light"))["height"]
            await browser.screenshot(shot, WIDTH, height, "light")
        TARGET.parent.mkdir(exist_ok=True)
        with Image.open(shot) as whole:
            whole.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(TARGET, optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
