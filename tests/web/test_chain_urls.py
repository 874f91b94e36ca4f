import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill.errors import RequestRefusedError
from skill.web.chain_urls import canonical_chain_url
from tests.web.chains import refused

HOST = "https://s3.amazonaws.com"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (f"{HOST}/echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        (f"{HOST}:443/echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        (f"{HOST}/echo.api/../echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        ("HTTPS://S3.AmazonAWS.com/echo.api/a.pem", "/echo.api/a.pem"),
        (f"{HOST}/./echo.api/./a.pem", "/echo.api/a.pem"),
        (f"{HOST}/bucket/../echo.api/a.pem", "/echo.api/a.pem"),
        (f"{HOST}/../../echo.api/a.pem", "/echo.api/a.pem"),
        (f"{HOST}/echo.api/b/..", "/echo.api/"),
        (f"{HOST}/echo.api/.../a.pem", "/echo.api/.../a.pem"),
        (f"{HOST}/echo.api/a_b~c-1.pem", "/echo.api/a_b~c-1.pem"),
    ],
)
def test_a_chain_url_is_made_canonical(url: str, canonical: str) -> None:
    assert canonical_chain_url(url) == HOST + canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "echo-api-cert.pem",
        "http://s3.amazonaws.com/echo.api/a.pem",
        "ftp://s3.amazonaws.com/echo.api/a.pem",
        "file:///echo.api/a.pem",
        "//s3.amazonaws.com/echo.api/a.pem",
        "https:/s3.amazonaws.com/echo.api/a.pem",
        "https://notamazon.com/echo.api/a.pem",
        "https://s3.amazonaws.com.evil.com/echo.api/a.pem",
        "https://evil-s3.amazonaws.com/echo.api/a.pem",
        "https://s3.amazonaws.com./echo.api/a.pem",
        "https://s3.us-east-1.amazonaws.com/echo.api/a.pem",
        "https://s3-amazonaws.com/echo.api/a.pem",
        "https://s3xamazonaws.com/echo.api/a.pem",
        "https://127.0.0.1/echo.api/a.pem",
        "https://[::1]/echo.api/a.pem",
        "https://[/echo.api/a.pem",
        "https:///echo.api/a.pem",
        "https://\u017f3.amazonaws.com/echo.api/a.pem",
        "http\u017f://s3.amazonaws.com/echo.api/a.pem",
        f"{HOST}:563/echo.api/a.pem",
        f"{HOST}:80/echo.api/a.pem",
        f"{HOST}:/echo.api/a.pem",
        f"{HOST}:0443/echo.api/a.pem",
        f"{HOST}:4430/echo.api/a.pem",
        f"{HOST}:https/echo.api/a.pem",
        f"{HOST}:99999999/echo.api/a.pem",
        f"{HOST}:-443/echo.api/a.pem",
        HOST,
        f"{HOST}/",
        f"{HOST}/echo.api",
        f"{HOST}/EcHo.aPi/a.pem",
        f"{HOST}/ECHO.API/a.pem",
        f"{HOST}/invalid.path/a.pem",
        f"{HOST}/echo.apis/a.pem",
        f"{HOST}/echoxapi/a.pem",
        f"{HOST}//echo.api/a.pem",
        f"{HOST}/echo.api/../evil/a.pem",
        f"{HOST}/echo.api/x/../../evil/a.pem",
        f"{HOST}/echo.api/..",
        f"{HOST}/echo.api/../echo.api",
        f"{HOST}/evil/echo.api/a.pem",
        f"{HOST}/echo.api/%2e%2e/evil/a.pem",
        f"{HOST}/echo.api/..%2fevil/a.pem",
        f"{HOST}/echo.api%2fa.pem",
        f"{HOST}/%65cho.api/a.pem",
        f"{HOST}/echo.api/a.pem%00",
        f"{HOST}/echo.api\\a.pem",
        f"{HOST}\\echo.api\\a.pem",
        f"{HOST}/echo.api/..\\evil/a.pem",
        "https://someone@s3.amazonaws.com/echo.api/a.pem",
        "https://someone:secret@s3.amazonaws.com/echo.api/a.pem",
        "https://@s3.amazonaws.com/echo.api/a.pem",
        "https://s3.amazonaws.com@evil.com/echo.api/a.pem",
        f"{HOST}/echo.api/a.pem?",
        f"{HOST}/echo.api/a.pem?x=1",
        f"{HOST}?/echo.api/a.pem",
        f"{HOST}/echo.api/a.pem#",
        f"{HOST}#/echo.api/a.pem",
        f"{HOST}/echo.api/a;b.pem",
        f" {HOST}/echo.api/a.pem",
        f"{HOST}/echo.api/a.pem ",
        f"{HOST}/echo.api/a b.pem",
        f"{HOST}/echo.api/a.pem\n",
        f"{HOST}/echo.api/a.pem\r\nHost: evil.com",
        f"{HOST}/echo.api/a\t.pem",
        f"{HOST}/echo.api/a\x00.pem",
        f"{HOST}/echo.api/a\x7f.pem",
        f"{HOST}/echo.api/\u00e9.pem",
        f"{HOST}/echo.api/\uff0e\uff0e/evil.pem",
        f"{HOST}/echo.api/a.pem,{HOST}/echo.api/a.pem",
        f"{HOST}/echo.api/{'a' * 5000}.pem",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with refused("chain_url_refused"):
        canonical_chain_url(url)


@given(st.text(alphabet="./ae:443ECHOcho.apis%\\?#@ \n;", max_size=60))
def test_no_path_leads_out_of_the_folder(tail: str) -> None:
    try:
        url = canonical_chain_url(HOST + tail)
    except RequestRefusedError:
        return
    assert url.startswith(f"{HOST}/echo.api/")
    assert not {".", ".."} & set(url.split("/"))
    assert canonical_chain_url(url) == url
