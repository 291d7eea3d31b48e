"""Signing up with a password of one's own, within limits."""

import os
import re
from pathlib import Path

from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.orm import UserInfo
from tornado import web

WAITING = 500  # names that no admin has let in yet


def is_near_name(password: str, name: str) -> bool:
    """Whether a password is the name, or little more: ``Ada.Lovelace1815`` of ada.lovelace."""
    plain = re.sub(r"[\W_]", "", password.casefold())
    for part in (name, name.split("@")[0]):
        own = re.sub(r"[\W_]", "", part.casefold())
        if own and own in plain and len(plain.replace(own, "")) < 5:
            return True
    return False


class LimitedSignUp(NativeAuthenticator):
    """Who signs up: the class, where HUB_STUDENTS lists it, and no more than can be let in."""

    def create_user(self, username, password, **kwargs):
        """As ever, or an error page with the reason."""
        name = self.normalize_username(username)
        self._expect_other_password(name, password)
        if name not in self.admin_users and not self.user_exists(name):
            self._expect_room(name)
        return super().create_user(username, password, **kwargs)

    def change_password(self, username, new_password):
        """As ever, with the same rule as for the first password."""
        self._expect_other_password(self.normalize_username(username), new_password)
        return super().change_password(username, new_password)

    def _expect_other_password(self, name: str, password: str) -> None:
        if is_near_name(password, name):
            raise web.HTTPError(
                400, "This password is your name, or nearly so. Go back and choose another one."
            )

    def _expect_room(self, name: str) -> None:
        listed = os.environ.get("HUB_STUDENTS")
        if listed and name not in Path(listed).read_text(encoding="utf-8").split():
            raise web.HTTPError(
                403, "This name is not in the list of the class. Ask your lecturer which yours is."
            )
        waiting = self.db.query(UserInfo).filter(UserInfo.is_authorized.is_(False)).count()
        if waiting >= int(os.environ.get("HUB_WAITING") or WAITING):
            raise web.HTTPError(
                403, "Too many who signed up wait to be let in. Tell your lecturer, and try later."
            )
