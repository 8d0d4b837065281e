"""A person at the machine's own console, tty1: signs in, says something to the shell, signs out."""

from kit import check


class AtTheConsole:
    """Signed in while the block runs. `answers`: what login asks after the name, and what is typed, or done, then."""

    def __init__(self, machine, user, *answers):
        self.machine, self.user, self.answers = machine, user, answers
        self.console = machine.console

    def __enter__(self):
        self.console.wait_for("machine login:")
        self.console.type(self.user)
        for question, answer in self.answers:
            self.console.wait_for(question)
            answer() if callable(answer) else self.console.type(answer)
        self.asked = self.console.wait_for(rf"{self.user}@machine:\S+\$")
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.machine.is_on():
            self.console.begin("exit")
            self.console.wait_for("machine login:")

    def says(self, command, wanted):
        """Types a command; what the screen shows once that has appeared on it."""
        self.console.begin(command)
        return self.console.wait_for(wanted)


def is_asked_for_the_password_alone(machine, user, password):
    with AtTheConsole(machine, user, ("Password:", password)) as person:
        check("PIN" not in person.asked and "Touch" not in person.asked, person.asked)
