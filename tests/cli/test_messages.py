from pathlib import Path

from diffshape.cli.messages import Messages


def test_what_is_said_and_where(capsys):
    for options, out, err in (
        ((False, False), ["run", "text"], []),
        ((True, False), [], ["run", "text"]),
        ((False, True), ["run"], []),
        ((True, True), [], ["run"]),
    ):
        json, quiet = options
        say = Messages(verb="fit", json=json, quiet=quiet)
        say.folder(Path("run"))
        say("text")
        captured = capsys.readouterr()
        assert (captured.out.splitlines(), captured.err.splitlines()) == (out, err)


def test_an_interrupted_run_says_what_to_type(capsys):
    assert Messages(verb="train landmarks", json=False, quiet=True).interrupted(Path("my run"), 7) == 130
    told = "interrupted after step 7 and saved; go on with: diffshape train landmarks --resume 'my run'\n"
    assert capsys.readouterr().err == told
