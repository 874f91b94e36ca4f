from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from scripts.simulator.envelopes import Session, envelope, launch_request
from scripts.simulator.errors import SimulatorError
from scripts.simulator.signing import CERTIFICATE_URL, SKILL_ID, throwaway_authority
from skill.errors import RequestRefusedError
from skill.web.verification import RequestVerifier

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.simulator.signing import SigningAuthority

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> SigningAuthority:
    return throwaway_authority(NOW)


def body() -> bytes:
    session = Session("amzn1.echo-api.session.1")
    sent = envelope(
        launch_request(), session, request_id="request.1", locale="en-US", timestamp=NOW
    )
    return json.dumps(sent).encode()


def verifier(trusted: SigningAuthority, at: datetime = NOW) -> RequestVerifier:
    return RequestVerifier(SKILL_ID, [trusted.root], trusted.fetch, lambda: at)


def test_the_skill_accepts_what_the_authority_signs(authority: SigningAuthority) -> None:
    accepted = verifier(authority).verify(authority.signed_headers(body()), body())
    assert accepted == json.loads(body())


def test_the_skill_refuses_an_altered_body(authority: SigningAuthority) -> None:
    headers = authority.signed_headers(body())
    with pytest.raises(RequestRefusedError, match="signature_mismatch"):
        verifier(authority).verify(headers, body().replace(b"en-US", b"en-GB"))


def test_the_skill_refuses_another_authority(authority: SigningAuthority) -> None:
    stranger = throwaway_authority(NOW)
    trusting = RequestVerifier(SKILL_ID, [authority.root], stranger.fetch, lambda: NOW)
    with pytest.raises(RequestRefusedError, match="chain_untrusted"):
        trusting.verify(stranger.signed_headers(body()), body())


def test_the_authority_is_worth_nothing_after_a_few_days(authority: SigningAuthority) -> None:
    late = verifier(authority, NOW + timedelta(days=4))
    with pytest.raises(RequestRefusedError, match="chain_untrusted"):
        late.verify(authority.signed_headers(body()), body())


def test_the_signer_is_named_and_limited_as_amazons_is(authority: SigningAuthority) -> None:
    leaf, intermediate = x509.load_pem_x509_certificates(authority.chain_pem)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["echo-api.amazon.com"]
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(authority.root)


def test_the_files_let_another_client_sign(authority: SigningAuthority, tmp_path: Path) -> None:
    folder = tmp_path / "not yet" / "there"
    authority.write(folder, "http://127.0.0.1:8080/")
    key = load_pem_private_key((folder / "leaf.key").read_bytes(), password=None)
    leaf = x509.load_pem_x509_certificates((folder / "chain.pem").read_bytes())[0]
    assert key.public_key() == leaf.public_key()
    assert x509.load_pem_x509_certificate((folder / "root.pem").read_bytes()) == authority.root
    assert json.loads((folder / "client.json").read_text(encoding="utf-8")) == {
        "endpoint": "http://127.0.0.1:8080/",
        "skill_id": SKILL_ID,
        "certificate_url": CERTIFICATE_URL,
    }


def test_the_key_is_for_its_owner_alone(authority: SigningAuthority, tmp_path: Path) -> None:
    (tmp_path / "leaf.key").write_text("of an earlier run", encoding="utf-8")
    (tmp_path / "leaf.key").chmod(0o644)
    authority.write(tmp_path)
    assert stat.S_IMODE((tmp_path / "leaf.key").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_to_is_told(
    authority: SigningAuthority, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SimulatorError, match="cannot be written to"):
        authority.write(tmp_path / "file")
