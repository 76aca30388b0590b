"""The error for everything that the user can mend."""


class UserError(Exception):
    """Bad input: the message names the file, the value and the remedy.

    The CLI prints it as one line and exits with code 2; everything else is a bug
    and shows its traceback.
    """
