"""Tokens: the encrypted addresses in the paths and the cookies of Doors pages."""

from ctypes import byref, c_size_t, c_uint32, create_string_buffer
from typing import Any, NamedTuple

from ._native.declarations import CAddr, CError
from ._handles import Handle, as_bytes
from ._native.library import library
from .addresses import Address, address_of, c_addr
from .errors import checked
from .numbers import KEY_ID_SIZE, TOKEN_SIZE


class Opened(NamedTuple):
    """The content of a token."""

    address: Address
    key: int
    """The zero-based index of the key that decrypted it."""


class Cipher(Handle):
    """Creates and decrypts tokens. Immutable. close() wipes its keys.

    `secret` consists of one to eight AES keys (16, 24 or 32 bytes each) in standard base64 with padding, separated by white
    space. The first key encrypts; all keys decrypt. Raises DoorsError with Status.SECRET and the index of the invalid key.
    """

    def __init__(self, secret: str | bytes) -> None:
        text, error = as_bytes(secret), CError()
        super().__init__("cipher", text, len(text), error=error)

    def encode(self, address: Address | str) -> str:
        """Creates a token for an address: 43 characters for IPv4, 59 for IPv6. Two tokens for one address differ.

        Create at most 2**32 tokens with one key: one per process and address, not one per request.
        """
        token, length = create_string_buffer(TOKEN_SIZE), c_size_t()
        checked(library.doors_cipher_encode(self._pointer, byref(c_addr(address)), token, TOKEN_SIZE, byref(length)))
        return token.value.decode()

    def decode(self, token: str | bytes) -> Opened:
        """Decrypts a token. Raises DoorsError with Status.TOKEN_FORMAT or Status.TOKEN_REFUSED."""
        text, addr, key = as_bytes(token), CAddr(), c_uint32()
        checked(library.doors_cipher_decode(self._pointer, text, len(text), byref(addr), byref(key)))
        return Opened(address_of(addr), key.value)

    def key_ids(self) -> list[str]:
        """Returns the IDs of the keys, 8 hexadecimal digits each, in the order of the secret.

        An ID is not a secret. Log it to compare the keys of a proxy with those of its apps.
        """
        return key_ids(library.doors_cipher_keys, library.doors_cipher_key_id, self._pointer)


def key_ids(keys: Any, key_id: Any, pointer: Any) -> list[str]:
    count, text, ids = c_uint32(), create_string_buffer(KEY_ID_SIZE), list[str]()
    checked(keys(pointer, byref(count)))
    for index in range(count.value):
        checked(key_id(pointer, index, text))
        ids.append(text.value.decode())
    return ids
