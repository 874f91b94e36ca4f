"""The skill package: what is in it, that it is the same every time, and what is refused."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.build_skill_package import DEFAULT_FOLDER, main, package_files
from scripts.check_interaction_model import main as check
from scripts.simulator.interaction_model import known_locales
from scripts.skill_lint.package import package_notes
from scripts.skill_package.hosting import HostingError, at_endpoint, in_lambda
from scripts.skill_package.icons import icon

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINT = "https://example.org/alexa"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:upper-back-check"
# Written a second time, by hand: a wrong one here would send somebody in danger nowhere.
NUMBERS = {"en-AU": "000", "en-CA": "911", "en-GB": "999", "en-IN": "112", "en-US": "911"}
PAGES = ["--privacy-url", "https://example.org/p", "--terms-url", "https://example.org/t"]


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    return package_files(at_endpoint(ENDPOINT))


@pytest.fixture(scope="module")
def manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(files["skill-package/skill.json"])
    return whole["manifest"]  # type: ignore[no-any-return]  # JSON


def test_the_package_of_the_project_has_no_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "skill"
    assert main(["--endpoint", ENDPOINT, "--out", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{folder}: {len(known_locales()) + 4} files"
    status = check(["--package", str(folder)])
    first, *notes = capsys.readouterr().out.splitlines()
    assert (status, first) == (0, f"{folder}: 0 problems in {len(known_locales())} locales")
    assert notes == [f"before you submit: {note}" for note in package_notes(folder)]
    assert notes


def test_the_package_has_the_layout_of_the_ask_cli(files: Mapping[str, bytes]) -> None:
    assert set(files) == {
        "ask-resources.json",
        "skill-package/skill.json",
        "skill-package/assets/images/icon_108.png",
        "skill-package/assets/images/icon_512.png",
        *(f"skill-package/interactionModels/custom/{one}.json" for one in known_locales()),
    }
    resources = json.loads(files["ask-resources.json"])
    assert resources["profiles"]["default"] == {"skillMetadata": {"src": "./skill-package"}}


def test_the_same_arguments_give_the_same_files(files: Mapping[str, bytes]) -> None:
    assert package_files(at_endpoint(ENDPOINT)) == files


def test_the_models_are_deployed_as_they_are(files: Mapping[str, bytes]) -> None:
    folder = Path(__file__).parents[2] / "interaction_model"
    for locale in known_locales():
        name = f"skill-package/interactionModels/custom/{locale}.json"
        assert files[name] == (folder / f"{locale}.json").read_bytes()


def test_each_locale_tells_its_own_emergency_number(manifest: dict[str, Any]) -> None:
    for locale, texts in manifest["publishingInformation"]["locales"].items():
        assert f"call {NUMBERS[locale]} or your local emergency number" in texts["description"]
        assert (
            f"{locale} {NUMBERS[locale]}"
            in manifest["publishingInformation"]["testingInstructions"]
        )


def test_the_skill_is_offered_where_its_numbers_are_known(manifest: dict[str, Any]) -> None:
    publishing = manifest["publishingInformation"]
    assert publishing["isAvailableWorldwide"] is False
    assert publishing["distributionCountries"] == sorted(locale[-2:] for locale in NUMBERS)


def test_an_endpoint_has_a_certificate_and_pages_of_its_own(manifest: dict[str, Any]) -> None:
    endpoint = {"uri": ENDPOINT, "sslCertificateType": "Trusted"}
    assert manifest["apis"]["custom"]["endpoint"] == endpoint
    assert manifest["events"]["endpoint"] == endpoint
    assert manifest["privacyAndCompliance"]["locales"]["en-GB"] == {
        "privacyPolicyUrl": "https://example.org/privacy",
        "termsOfUseUrl": "https://example.org/terms",
    }


def test_a_function_has_no_certificate(tmp_path: Path) -> None:
    assert main(["--lambda-arn", ARN, *PAGES, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "skill-package" / "skill.json").read_text(encoding="utf-8")
    manifest = json.loads(text)["manifest"]
    assert manifest["apis"]["custom"]["endpoint"] == {"uri": ARN}
    assert manifest["privacyAndCompliance"]["locales"]["en-US"]["termsOfUseUrl"] == PAGES[3]
    assert check(["--package", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--endpoint", "https://skill.real.org/"],
            ["no page at https://skill.real.org/privacy and https://skill.real.org/terms;"],
        ),
        (
            ["--endpoint", "https://skill.real.org/", *PAGES[:2]],
            ["no page at https://skill.real.org/terms;", "example.org belongs to nobody"],
        ),
        (
            ["--endpoint", "https://skill.example.org/", "--terms-url", "https://www.real.org/t"],
            ["no page at https://skill.example.org/privacy;", "skill.example.org belongs"],
        ),
        (["--lambda-arn", ARN, *PAGES], ["example.org belongs to nobody"]),
        (
            [
                *("--endpoint", "https://skill.real.org/"),
                *("--privacy-url", "https://www.real.org/p"),
                *("--terms-url", "https://www.real.org/t"),
            ],
            [],
        ),
    ],
    ids=["no_pages", "no_terms", "no_privacy", "function", "ready"],
)
def test_what_certification_would_refuse_is_told_at_the_build_and_of_the_package(
    tmp_path: Path, arguments: list[str], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    at_build = capsys.readouterr().err.splitlines()
    assert at_build == [f"before you submit: {note}" for note in package_notes(tmp_path)]
    assert len(at_build) == len(told)
    for line, words in zip(at_build, told, strict=True):
        assert words in line


def test_a_wildcard_certificate_is_named(tmp_path: Path) -> None:
    arguments = ["--endpoint", ENDPOINT, "--certificate", "Wildcard", "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert '"Wildcard"' in (tmp_path / "skill-package" / "skill.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://example.org/alexa", "begin with https://"),
        ("example.org/alexa", "begin with https://"),
        ("https://example.org:8443/alexa", "port 443 only"),
        ("https://example.org:port/alexa", "Port could not be cast"),
        ("https://user@example.org/alexa", "plain address"),
        ("https://example.org/alexa?x=1", "plain address"),
        ("https://example.org/al exa", "plain address"),
        ("https://localhost/alexa", "full name of a host"),
        ("https:///alexa", "full name of a host"),
        ("https://192.0.2.1/alexa", "full name of a host"),
    ],
)
def test_an_address_that_alexa_cannot_call_is_refused(address: str, reason: str) -> None:
    with pytest.raises(HostingError, match=reason):
        at_endpoint(address)


@pytest.mark.parametrize("address", ["https://example.org:443/alexa", "https://a.b-c.example/"])
def test_an_address_on_port_443_is_taken(address: str) -> None:
    assert at_endpoint(address).uri == address


@pytest.mark.parametrize("page", ["http://example.org/privacy", "https://alexa.example.org/p"])
def test_a_page_that_amazon_would_not_show_is_refused(page: str) -> None:
    with pytest.raises(HostingError, match="the privacy policy"):
        at_endpoint(ENDPOINT, privacy_address=page)
    with pytest.raises(HostingError, match="the terms of use"):
        in_lambda(ARN, ENDPOINT, page)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:lambda:eu-west-1:123456789012:function:",
        "arn:aws:lambda:eu-west-1:12345:function:check",
        "arn:aws:s3:eu-west-1:123456789012:function:check",
        "arn:aws:lambda:eu-west-1:123456789012:function:check:1:2",
        "check",
    ],
)
def test_what_is_no_arn_of_a_function_is_refused(arn: str) -> None:
    with pytest.raises(HostingError, match="no ARN"):
        in_lambda(arn, ENDPOINT, ENDPOINT)


def test_an_arn_with_an_alias_is_taken() -> None:
    assert in_lambda(f"{ARN}:live", ENDPOINT, ENDPOINT).uri == f"{ARN}:live"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--endpoint", "http://example.org"], "begin with https://"),
        (["--lambda-arn", "arn:x"], "'arn:x' is no ARN"),
        (["--lambda-arn", ARN], "give --privacy-url and --terms-url"),
    ],
    ids=["endpoint", "arn", "pages"],
)
def test_a_refusal_is_one_line_and_nothing_is_written(
    tmp_path: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "skill"
    assert main([*arguments, "--out", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("build_skill_package: ")
    assert told in line
    assert not folder.exists()


@pytest.mark.parametrize("foreign", ["notes.txt", "skill-package/other.json", "src/app.py"])
def test_a_folder_with_something_else_is_left_alone(
    tmp_path: Path, foreign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / foreign
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine", encoding="utf-8")
    assert main(["--endpoint", ENDPOINT, "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "which is not of a skill package" in line
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_a_file_in_the_place_of_the_folder_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "skill"
    path.write_text("mine", encoding="utf-8")
    assert main(["--endpoint", ENDPOINT, "--out", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_package_is_written_over_and_keeps_what_the_ask_cli_left(tmp_path: Path) -> None:
    states = tmp_path / ".ask" / "ask-states.json"
    states.parent.mkdir()
    states.write_text("{}", encoding="utf-8")
    for _ in range(2):
        assert main(["--endpoint", ENDPOINT, "--out", str(tmp_path)]) == 0
    assert states.read_text(encoding="utf-8") == "{}"


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.touch()
    assert main(["--endpoint", ENDPOINT, "--out", str(path / "skill")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_one_place_is_needed_and_the_folder_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--endpoint", ENDPOINT, "--lambda-arn", ARN]):
        with pytest.raises(SystemExit):
            main(arguments)
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert str(DEFAULT_FOLDER) in capsys.readouterr().out


@pytest.mark.parametrize("size", [108, 512])
def test_an_icon_is_a_picture_of_its_size(size: int) -> None:
    picture = icon(size)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (size, size)
    length = int.from_bytes(picture[33:37], "big")
    rows = zlib.decompress(picture[41 : 41 + length])
    assert len(rows) == size * (1 + size * 3)
    pixels = {rows[at : at + 3] for row in range(size) for at in _pixels(row, size)}
    assert len(pixels) > 20  # edges are smooth


def test_the_two_halves_of_the_icon_mirror_each_other() -> None:
    size = 108
    picture = icon(size)
    rows = zlib.decompress(picture[41 : 41 + int.from_bytes(picture[33:37], "big")])
    for row in range(size):
        pixels = [rows[at : at + 3] for at in _pixels(row, size)]
        assert pixels == pixels[::-1]


def _pixels(row: int, size: int) -> range:
    first = row * (1 + size * 3) + 1
    return range(first, first + size * 3, 3)
