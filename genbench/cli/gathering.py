"""`genbench stats`: mean and covariance of a folder's features in one file, and the distance of two such files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genbench.cli.reading import OUT, in_folder

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class FolderFirst(click.Group):
    """`stats FOLDER` is `stats of FOLDER`: the common use needs no word of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["of", *args]
        return super().parse_args(ctx, args)


@click.group("stats", cls=FolderFirst, short_help="Keep and compare the statistics of folders.")
def stats_command() -> None:
    """Keep mean and covariance of a folder's features in one file, and compare two such files.

    \b
    Examples:
      genbench stats photos -o photos.safetensors --set weights=pt_inception-2015-12-05-6726825d.pth
      genbench stats photos -o photos.safetensors --lens image.pixels --set side=32
      genbench stats compare outputs.safetensors photos.safetensors
    """


@stats_command.command("of", short_help="Statistics of a folder of images (the word `of` can be left out).")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=OUT, callback=in_folder, help=".safetensors")
@click.option("--lens", default="image.inception", show_default=True, help="What embeds the images.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of the lens.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--batch", type=click.IntRange(min=1), default=32, show_default=True, help="Images embedded at once.")
def of_command(folder: Path, output: Path, lens: str, settings: tuple[str, ...], device: str, batch: int) -> None:
    """Write mean, covariance and count of FOLDER's features, with the lens, weights, resize and dtype they came from.

    FOLDER may be a .zip or .tar of a folder. Each image is seen at its own size; one that cannot be read is named
    and set aside. Memory does not grow with the number of images.
    """
    from genbench.results.statistics_file import write_statistics
    from genbench.run.device import pick_device
    from genbench.run.statistics import folder_statistics
    from genbench.run.voice import Voice

    if output.suffix != ".safetensors":
        raise click.BadParameter("a statistics file's name ends in .safetensors", param_hint="--output")
    voice = Voice()
    with voice.bar(f"{folder.name}: statistics") as bar:

        def tell(done: int, total: int, fault: str) -> None:
            if fault:
                voice.warn(fault)
            bar(done, total, "")

        made = folder_statistics(folder, lens, _parsed(settings), device=pick_device(device), batch=batch, tell=tell)
    write_statistics(output, made)
    click.echo(f"{output}: {made.moments.n} images, {len(made.moments.mean)} features, lens {made.marks['lens']}")


@stats_command.command("compare", short_help="The Fréchet distance of two statistics files.")
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@click.option("--allow-unlike", is_flag=True, help="Compare although how they were made differs or is unknown.")
@click.option("--summary", type=OUT, callback=in_folder, help="Append a Markdown summary here.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def compare_command(a: Path, b: Path, allow_unlike: bool, summary: Path | None, as_json: bool) -> None:
    """Print the Fréchet distance of A and B, also with its bias taken off and an interval where counts are known.

    A and B are .safetensors of `genbench stats`, or .npz of pytorch-fid or clean-fid (mu, sigma). Files made through
    another lens, resize or dtype are refused; --allow-unlike compares them and says in what they differ.
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.core.errors import ResultsError
    from genbench.report.markdown import escaped, head, row
    from genbench.report.numbers import number
    from genbench.results.statistics_file import differences, read_statistics
    from genbench.stats.moments import gaussian_frechet

    first, second = read_statistics(a), read_statistics(b)
    d, e = len(first.moments.mean), len(second.moments.mean)
    if d != e:
        raise ResultsError(f"{a.name} has {d} features and {b.name} {e}: no distance between them is defined")
    unlike = differences(first, second)
    if unlike and not allow_unlike:
        raise ResultsError(
            f"{a.name} and {b.name} cannot be compared:\n  " + "\n  ".join(unlike) + "\n--allow-unlike compares them "
            "nevertheless; the number then says nothing certain"
        )
    found = gaussian_frechet(first.moments, second.moments)
    interval = found.interval
    told: dict[str, Any] = {
        "distance": found.corrected, "interval": None if interval is None else [interval.low, interval.high],
        "method": None if interval is None else interval.method, "plug_in": found.value,
        "n": [first.moments.n, second.moments.n], "unlike": unlike,
    }  # fmt: skip
    unknown = "unknown: a count is not written down"
    rows: list[list[Any]] = [
        ["Fréchet distance, bias-corrected", unknown if found.corrected is None else found.corrected],
        ["95 % interval", unknown if interval is None else f"{interval.low:.4g} to {interval.high:.4g}"],
        ["Fréchet distance, uncorrected", found.value],
        ["n", f"{_said(first.moments.n)} and {_said(second.moments.n)}"],
        *[["UNLIKE", line] for line in unlike],
    ]
    if summary is not None:
        table = "".join(row([what, number(value) if isinstance(value, float) else value]) for what, value in rows)
        with summary.open("a", encoding="utf-8") as page:
            page.write(f"## {escaped(a.name)} beside {escaped(b.name)}\n\n{head(['what', 'value'])}{table}\n")
    if as_json:
        print_json(told)
    else:
        print_table(["what", "value"], rows)


def _said(n: int | None) -> str:
    return "unknown" if n is None else str(n)


def _parsed(settings: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE as a suite would read them."""
    from genbench.run.yaml_source import plain_scalar

    found = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"wants NAME=VALUE, got {setting!r}", param_hint="--set")
        found[name] = plain_scalar(text)
    return found
