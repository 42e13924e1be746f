"""What a request to the fake Mastodon server asks for: its parameters, its picture, and why it is refused."""

import io
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from PIL import Image

from adapters.sandbox.mastodon_json import IMAGE_BYTES, IMAGE_MATRIX, IMAGE_TYPES
from adapters.sandbox.server import Answer


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.answer = Answer({"error": message}, status, headers or {})


def truthy(value: str | None) -> bool:
    """As ActiveModel::Type::Boolean casts a parameter."""
    return value is not None and value.lower() not in ("", "0", "f", "false", "off")


def invalid(*problems: str) -> Refusal:
    """A model's validation failed, in the words of ActiveRecord::RecordInvalid."""
    return Refusal(422, f"Validation failed: {', '.join(problems)}")


def not_found() -> Refusal:
    """app/controllers/concerns/api/error_handling.rb."""
    return Refusal(404, "Record not found")


# Ruby's String#strip takes these, and leaves the other spaces of Unicode.
_STRIPPED = "\t\n\v\f\r \0"


@dataclass(frozen=True, slots=True)
class Form:
    """Parameters, in whichever way they were sent."""

    values: dict[str, Any]

    def text(self, name: str) -> str:
        """As it is kept: stripped (`prepare_contents`, app/models/status.rb); empty where it is missing."""
        value = self.values.get(name)
        return "" if value is None else str(value).strip(_STRIPPED)

    def flag(self, name: str) -> bool:
        """Yes or no."""
        return truthy(str(self.values.get(name) or ""))

    def list(self, name: str) -> list[str]:
        """A list; anything else in its place counts as missing (`params.permit(name: [])`)."""
        value = self.values.get(name)
        return [str(item) for item in value] if isinstance(value, list) else []

    def has(self, name: str) -> bool:
        """Whether it was given at all."""
        return self.values.get(name) not in (None, "", [])


async def read_form(request: web.Request) -> Form:
    """Read a JSON, form or multipart body. A list in a form is named `name[]`."""
    if request.content_type == "application/json":
        try:
            values = json.loads(await request.read())
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise Refusal(400, "Error occurred while parsing request parameters")
        return Form(values)
    posted = await request.post()
    form: dict[str, Any] = {}
    for name in posted:
        plain = name.removesuffix("[]")
        form[plain] = list(posted.getall(name)) if plain != name else posted[name]
    return Form(form)


def whole_number(text: str) -> int:
    """As Ruby's String#to_i: the digits at the start, or 0."""
    found = re.match(r"\s*(-?\d+)", text)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class UploadedPicture:
    """A picture that the server could read."""

    data: bytes
    mime: str
    width: int
    height: int


def read_picture(form: Form) -> UploadedPicture:
    """The uploaded file, checked as app/models/media_attachment.rb checks it. The sandbox takes pictures only."""
    upload = form.values.get("file")
    if not isinstance(upload, web.FileField):
        raise invalid("File can't be blank")
    data = upload.file.read()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is judged below
            with Image.open(io.BytesIO(data)) as image:
                mime, (width, height) = Image.MIME.get(image.format or "", ""), image.size
                if width * height <= IMAGE_MATRIX:
                    image.load()
    except (OSError, SyntaxError, Image.DecompressionBombError):
        raise Refusal(422, "File type of uploaded media could not be verified") from None
    if mime not in IMAGE_TYPES:
        raise invalid("File content type is invalid", "File is invalid")
    if len(data) > IMAGE_BYTES:
        raise invalid(f"File file size must be less than {IMAGE_BYTES // 2**20} MB")
    if width * height > IMAGE_MATRIX:
        raise Refusal(422, f"{width}x{height} images are not supported")
    return UploadedPicture(data, mime, width, height)


# SUPPORTED_LOCALES, app/helpers/languages_helper.rb: ISO 639-1, some of ISO 639-3, and the Chinese regions.
_LANGUAGES = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
et eu fa ff fi fj fo fr fy ga gd gl gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk
kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny
oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sn so sq sr ss st su sv sw ta te tg th ti tk tl
tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
ast chr ckb cnr jbo kab ldn lfn sco sma smj szl tok xal zba zgh zh-CN zh-HK zh-TW zh-YUE
"""
LANGUAGES = frozenset(_LANGUAGES.split())


def valid_language(asked: str, otherwise: str) -> str:
    """What a post's language becomes: as asked, else without the region, else the account's own."""
    for language in (asked, re.split("[_-]", asked)[0]):
        if language in LANGUAGES:
            return language
    return otherwise
