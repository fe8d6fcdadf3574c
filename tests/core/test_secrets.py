"""Each shape by true and near-miss strings, and by text made to trap a backtracking search."""

import pytest

from genbench.core.secrets import PATTERNS, luhn, mask, strings, without_secrets

TRUE = {
    "e-mail address": [
        "write to jane.doe+spam@mail.example.co.uk today",
        "<bob@example.org>",
        "mailto:o_brien@my-host.io.",
        "A%B@EXAMPLE.COM, please",
    ],
    "card number": [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111 05/27",
        "card 5500005555555559.",
        "3782 822463 10005",
        "378282246310005",
        "3056 930902 5904",
        "6011000990139424",
        "2221 0000 0000 0009",
        "order 1234 4111 1111 1111 1111 ok",
        "4222222222222",
    ],
    "bank account (IBAN)": [
        "GB82 WEST 1234 5698 7654 32",
        "DE89370400440532013000",
        "FR14 2004 1010 0505 0001 3M02 606 AND MORE",
        "BE68 5390 0754 7034 WILL DO",
        "NO93 8601 1117 947",
        "MT84MALT011000012345MTLCAST001S",
    ],
    "phone number": [
        "+44 20 7946 0958",
        "call (212) 555-0187 now",
        "212-555-0187",
        "415.555.2671",
        "+1-800-555-0199",
        "+493012345678",
        "020 7946 0958",
        "030/1234567",
    ],
    "key": [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "sk-proj-Ab3dEf6hIj9kLmN0pQrS",
        "AIzaSyD4c1bX9q0wErTyUiOpAsDfGhJkLzXcVb0",
        "xoxb-123456789012-AbCdEfGhIjKl",
        "glpat-Ab3dEf6hIj9kLmN0pQrS",
    ],
    "password in an address": ["ftp://joe:s3cret@files/a"],
    "private key": ["-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nMIIE"],
}

NEAR = [
    "user@localhost",
    "a @ b.com",
    "@decorator.method",
    "x@y.z",
    "who..what@example..com",
    "4111 1111 1111 1112",  # the check digit is wrong
    "4111 1111 1111 111",  # a digit is missing
    "0000 0000 0000 0000",
    "9780306406157",  # an ISBN
    "1616161616161",  # a time stamp
    "41111111111111111111111111111111",  # a longer number
    "GB82 WEST 1234 5698 7654 33",  # the check digits are wrong
    "GB82 WEST 1234 5698 7654",  # too short
    "GB82WEST12345698765432XYZ",  # a longer word
    "ZZ82 WEST 1234 5698 7654 32",  # no country
    "2021-03-04",
    "2021-03-04T10:20:30",
    "192.168.100.200",
    "3.14159265358979",
    "1998-2001",
    "12:34:56",
    "version 10.20.30.40",
    "pages 100-200, 300-400",
    "212-555-018",
    "112-555-0187",  # no such area
    "0101 01010101",
    "AKIAIOSFODNN7EXAMPL",
    "AKIAAAAAAAAAAAAAAAAA",  # a placeholder
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk-learn-contrib-imbalanced-learn",
    "task-Ab3dEf6hIj9kLmN0pQrStUvWx",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in TRUE.items() for text in texts])
def test_a_true_string_is_found_as_what_it_is(kind, text):
    assert list(strings(text).values()) == [kind]
    assert list(strings(f"before {text} after").values()) == [kind]


@pytest.mark.parametrize("text", NEAR)
def test_a_near_miss_is_not(text):
    assert strings(text) == {}
    assert strings(f"before {text} after") == {}


def test_a_password_in_an_address_is_one_and_a_port_is_none():
    assert strings("postgres://me:hunter2@db/x") == {"me:hunter2": "password in an address"}
    assert not strings("see https://example.org:8080/path and http://localhost:80")


def test_credentials_are_hidden_by_shape_by_name_and_where_they_are_given():
    told = {
        "api_key": "plain words",
        "tokenizer": "gpt2",
        "list": ["https://u:pw1234@host/x", "hf_AbCdEfGhIjKlMnOpQrStUvWxYz0123456"],
        "command": "genbench run x --set models.0.settings.hf_token=abc123 --api-key xyz",
        "unit": "nats per token of text",
        "n": 3,
    }
    kept = without_secrets(told)
    assert kept["api_key"] == "(hidden)"
    for secret in ("pw1234", "AbCdEfGh", "abc123", "xyz"):
        assert secret not in repr(kept)
    for name in ("tokenizer", "unit", "n"):
        assert kept[name] == told[name]


def test_an_address_loses_its_user_its_query_and_its_fragment_wherever_it_stands():
    told = {
        "url": "https://h/v1?key=hunter2secret99",
        "error": "GET https://h/openai?api-version=2&subscription-key=hunter2secret98 failed",
        "models": ["https://tok_abcsecret@host/v1", "HTTPS://user:pw%20secret@[::1]:8000/v1", "https://h/#t=xsecret"],
        "command": "genbench run x --set models.0.endpoint=https://h/v1?code=ysecret",
    }
    kept = without_secrets(told)
    assert kept["url"] == "https://h/v1?(hidden)"
    assert kept["error"] == "GET https://h/openai?(hidden) failed"
    assert kept["models"] == ["https://(hidden)@host/v1", "HTTPS://(hidden)@[::1]:8000/v1", "https://h/#(hidden)"]
    assert "secret" not in repr(kept)
    assert without_secrets(kept) == kept
    for plain in ("http://localhost:8000/v1", "see https://example.org/a/b.html, and (https://h/@name)", "https://["):
        assert without_secrets(plain) == plain


def test_headers_and_the_names_of_keys_are_hidden_and_a_tokenizers_words_are_not():
    headers = {"Authorization": "Bearer abc.def", "Ocp-Apim-Subscription-Key": "abcdef", "x-access-key": ["abcdef"]}
    kept = without_secrets({"headers": headers, "sig": "abcdef", "proxy-authorization": "Basic abcdef"})
    assert "abc" not in repr(kept)
    for told in ('{"Authorization": "Bearer abcdef"}', "authorization: Basic abcdef==", "Authorization=abcdef x"):
        assert "abc" not in without_secrets(told)
        assert without_secrets(without_secrets(told)) == without_secrets(told)
    for name in ("token", "hf_token", "my_service_token", "accessToken", "client_secret", "access_key", "x-api-key"):
        assert without_secrets({name: "abcdef"}) == {name: "(hidden)"}
        assert "abcdef" not in without_secrets(f"--set models.0.settings.{name}=abcdef")
    harmless = {"stop_token": "###", "pad_token": "<pad>", "eos-token": "</s>", "config": "a", "design": "b"}
    assert without_secrets(harmless) == harmless
    command = "genbench run x --set models.0.settings.pad_token=<pad> --set lens.config=a"
    assert without_secrets(command) == command


def test_hiding_is_quick_on_long_words():
    words = ("a" * 100_000, "token" * 20_000, "--" + "x-" * 50_000, "a.token" * 15_000, "authorization" * 8_000)
    for text in words:
        assert len(without_secrets(text)) == len(text)


def test_every_kind_has_a_true_string():
    assert {pattern.kind for pattern in PATTERNS} == set(TRUE)


def test_one_spelling_for_one_string():
    assert set(strings("4111-1111-1111-1111 and 4111 1111 1111 1111")) == {"4111111111111111"}
    assert set(strings("Jane@Example.com jane@example.com")) == {"jane@example.com"}
    assert set(strings("GB82 WEST 1234 5698 7654 32 or GB82WEST12345698765432")) == {"GB82WEST12345698765432"}
    assert set(strings("a-b@example.com ab@example.com")) == {"a-b@example.com", "ab@example.com"}


def test_luhn_changes_with_any_single_digit():
    number = "4539578763621486"
    assert luhn(number)
    for place in range(len(number)):
        for digit in set("0123456789") - {number[place]}:
            assert not luhn(number[:place] + digit + number[place + 1 :])


def test_a_mask_tells_two_characters_and_a_length():
    assert mask("jane@example.com") == "ja... (16 characters)"


TRAPS = {
    "a": "a",
    "dots": "a.",
    "ats": "a@",
    "domains": "a@a.",
    "digits": "1",
    "cards": "4111 ",
    "grouped": "4-",
    "spaced": "1 ",
    "iban": "GB82 ",
    "ibans": "GB82",
    "capitals": "A ",
    "plus": "+1 ",
    "phones": "+1(",
    "area": "(212) ",
    "zeros": "020 ",
    "sk": "sk-",
    "sks": "sk-a ",
    "ghp": "ghp_",
    "xox": "xoxb-",
    "begin": "-----BEGIN ",
    "begins": "-----BEGIN RSA ",
    "rsa": "RSA ",
    "dashes": "-",
    "blanks": " ",
    "unicode": "é",
    "arabic digits": "٣",
}


@pytest.mark.parametrize("tail", ["", "!", "@", ".1"])
@pytest.mark.parametrize("piece", TRAPS.values(), ids=TRAPS.keys())
def test_a_trap_of_100_000_characters_ends(piece, tail):
    """A search whose time grew with the square would take 10^10 steps here, and the suite's limit would stop it."""
    text = (piece * (100_000 // len(piece)))[:100_000] + tail
    assert len(strings(text)) <= 1


def test_one_real_string_is_found_behind_each_trap():
    for piece in TRAPS.values():
        assert "jane@example.com" in strings(piece * (100_000 // len(piece)) + "\njane@example.com")
