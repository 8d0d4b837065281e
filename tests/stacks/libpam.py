"""A host of PAM as Python has it: the real libpam in this process, with a person who answers what they are asked.

What the conversation and the PAM items do is seen here, where programs such as sudo show only whether they let in."""

import ctypes

from world import Failed, check, touch

SUCCESS, PERM_DENIED, AUTH_ERR, AUTHINFO_UNAVAIL, MAXTRIES = 0, 6, 7, 9, 11
SESSION_ERR, CONV_ERR, AUTHTOK_ERR = 14, 19, 20
_FAIL_DELAY, _TTY, _RHOST = 10, 3, 4
_ESTABLISH_CRED = 2
_STYLES = {1: "hidden", 2: "echoed", 3: "error", 4: "info"}


class _Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class _Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


_Converse = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(_Message)),
                             ctypes.POINTER(ctypes.POINTER(_Response)), ctypes.c_void_p)
_Delay = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)


class _Conversation(ctypes.Structure):
    _fields_ = [("converse", _Converse), ("data", ctypes.c_void_p)]


_pam = ctypes.CDLL("libpam.so.0")
_libc = ctypes.CDLL(None)
_libc.calloc.restype = ctypes.c_void_p
_libc.strdup.restype = ctypes.c_void_p
for _call in (_pam.pam_authenticate, _pam.pam_acct_mgmt, _pam.pam_setcred, _pam.pam_open_session, _pam.pam_chauthtok,
              _pam.pam_end):
    _call.argtypes = [ctypes.c_void_p, ctypes.c_int]
_pam.pam_set_item.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]


class Host:
    """One handle of PAM; use it in a with statement.

    `answers`: (word of the question, answer) in the order of the questions; another question is a failure, and the
    host's conversation fails. `hand`: touches this key whenever the texts say so. `said`: (style, text) of everything.
    `delays`: microseconds that PAM asked to wait for, one for each call of authenticate()."""

    def __init__(self, service, user, answers=(), hand=None, tty="/dev/pts/9", rhost=None):
        self.answers, self.hand, self.said, self.delays, self.problem = list(answers), hand, [], [], None
        self._converse, self._delay = _Converse(self._on_messages), _Delay(lambda _, delay, __: self.delays.append(delay))
        self._conversation = _Conversation(self._converse, None)
        self._handle = ctypes.c_void_p()
        started = _pam.pam_start(service.encode(), user.encode(), ctypes.byref(self._conversation), ctypes.byref(self._handle))
        check(started == SUCCESS, f"pam_start: {started}")
        _pam.pam_set_item(self._handle, _FAIL_DELAY, ctypes.cast(self._delay, ctypes.c_void_p))
        for item, text in ((_TTY, tty), (_RHOST, rhost)):
            if text is not None:
                _pam.pam_set_item(self._handle, item, ctypes.cast(ctypes.c_char_p(text.encode()), ctypes.c_void_p))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _pam.pam_end(self._handle, 0)

    def authenticate(self):
        return self._checked(_pam.pam_authenticate(self._handle, 0))

    def account(self):
        return self._checked(_pam.pam_acct_mgmt(self._handle, 0))

    def set_credentials(self):
        return self._checked(_pam.pam_setcred(self._handle, _ESTABLISH_CRED))

    def open_session(self):
        return self._checked(_pam.pam_open_session(self._handle, 0))

    def change_password(self):
        return self._checked(_pam.pam_chauthtok(self._handle, 0))

    def texts(self):
        return " | ".join(text for _, text in self.said)

    def _checked(self, code):
        """What went wrong in the conversation is raised here: an exception cannot pass through libpam."""
        if self.problem:
            raise self.problem
        return code

    def _on_messages(self, count, messages, responses, _):
        try:
            given = [self._respond(messages[at].contents) for at in range(count)]
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem
            return CONV_ERR
        memory = _libc.calloc(count, ctypes.sizeof(_Response))
        responses[0] = ctypes.cast(memory, ctypes.POINTER(_Response))
        for at, answer in enumerate(given):
            if answer is not None:
                responses[0][at].text = _libc.strdup(answer.encode())
        return SUCCESS

    def _respond(self, message):
        style, text = _STYLES[message.style], message.text.decode()
        self.said.append((style, text))
        if style in ("info", "error"):
            if self.hand and "Touch " in text:
                touch(self.hand)
            return None
        if not self.answers:
            raise Failed(f"a question that nobody expected: {text}")
        word, answer = self.answers.pop(0)
        check(word in text, f"'{word}' is not in the question: {text}")
        return answer


def sign_in(service, user, answers=(), **how):
    """What pam_authenticate says; every answer must have been asked for."""
    with Host(service, user, answers, **how) as host:
        code = host.authenticate()
        check(not host.answers, f"never asked: {host.answers}; {host.said}")
        return code
