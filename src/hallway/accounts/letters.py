"""The mails that accounts send: subject and text."""

from typing import TypeAlias

Letter: TypeAlias = tuple[str, str]


def register_letter(product: str, address: str, facts: dict[str, str]) -> Letter:
    """To an address that has no account."""
    for_whom = f" for {facts['organization']}" if facts.get("organization") else ""
    return f"Confirm your address for {product}", (
        f"You, or somebody who typed your address, began an account{for_whom}.\n\n"
        f"Open this address to go on:\n\n{address}\n\n"
        "It works once, for 24 hours. If it was not you, do nothing: no account is made.\n"
    )


def already_registered_letter(product: str, sign_in: str, reset: str) -> Letter:
    """To an address that has one."""
    return f"You have an account with {product}", (
        "Somebody asked to register with your address, but it has an account already.\n\n"
        f"Sign in here:\n\n{sign_in}\n\n"
        f"You do not remember your password? Choose a new one here:\n\n{reset}\n\n"
        "If it was not you, do nothing.\n"
    )


def reset_letter(product: str, address: str) -> Letter:
    """To an account that forgot its password."""
    return f"Choose a new password for {product}", (
        f"Open this address to choose a new password:\n\n{address}\n\n"
        "It works once, for one hour, and ends every session that your account has. "
        "If it was not you, do nothing: your password stays.\n"
    )


def no_account_letter(product: str, address: str) -> Letter:
    """To an address without an account, when somebody wanted to reset its password."""
    return f"No account with {product}", (
        "Somebody asked to choose a new password for this address, but it has no account. "
        f"Perhaps you registered with another one.\n\n{address}\n\nIf it was not you, do nothing.\n"
    )


def password_changed_letter(product: str, reset: str) -> Letter:
    """To the account, after the fact."""
    return f"Your password for {product} was changed", (
        f"The password of your account was changed just now.\n\nIf it was not you, choose a new one here:\n\n{reset}\n"
    )


def address_letter(product: str, address: str) -> Letter:
    """To the address that an account wants to have."""
    return f"Confirm your new address for {product}", (
        f"Open this address while you are signed in, to make this your address:\n\n{address}\n\n"
        "It works once, for 24 hours. If it was not you, do nothing.\n"
    )


def address_wanted_letter(product: str, wanted: str, reset: str) -> Letter:
    """To the address that an account has, when another is wanted."""
    return f"Your address for {product} is about to change", (
        f"Somebody who is signed in to your account wants {wanted} to be its address. It changes once that address is "
        f"proved.\n\nIf it was not you, choose a new password, which ends every session:\n\n{reset}\n"
    )


def address_changed_letter(product: str, now: str) -> Letter:
    """To the address that an account had."""
    return f"Your address for {product} was changed", f"From now on {now} is the address of your account.\n"


def factor_letter(product: str, what: str, reset: str) -> Letter:
    """To the account, when what it signs in with changed."""
    return f"A change to how you sign in to {product}", (
        f"{what} for your account just now.\n\nIf it was not you, choose a new password here, which ends every "
        f"session:\n\n{reset}\n"
    )
