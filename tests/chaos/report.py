"""The table, and what a failed round leaves behind."""

COLUMNS = (
    ("round", 5), ("seed", 10), ("fault", 16), ("engine", 8), ("requests", 8), ("refused", 7), ("acknowledged", 12),
    ("lost", 4), ("doubled", 7), ("unknown", 7), ("wrong", 5), ("s", 4), ("remark", 6),
)
# Of words; numbers stand on the right.
WORDS = ("fault", "engine", "remark")
NUMBERS = ("requests", "refused", "acknowledged", "lost", "doubled", "unknown", "wrong")


def heading():
    return line({name: name for name, _ in COLUMNS})


def line(values):
    cells = []
    for name, width in COLUMNS:
        text = str(values.get(name, ""))
        cells.append(text.ljust(width) if name in WORDS else text.rjust(width))
    return "  ".join(cells).rstrip()


def row(number, seed, fault, engine, result):
    verdict = result.verdict
    return {
        "round": number, "seed": seed, "fault": fault, "engine": engine, "requests": result.requests,
        "refused": result.refused, "acknowledged": result.acknowledged, "lost": len(verdict.lost),
        "doubled": len(verdict.doubled), "unknown": verdict.unknown, "wrong": len(verdict.wrong), "s": result.seconds,
        "remark": result.remark,
    }


def sums(rows):
    return {name: sum(row[name] for row in rows) for name in NUMBERS}


def total(rows):
    return line({"round": "all", "s": sum(row["s"] for row in rows), **sums(rows)})


def markdown(rows):
    """The table by fault that docs/reliability.md shows, line by line."""
    yield f"| {' | '.join(('fault', 'rounds', *NUMBERS))} |"
    yield "|---" * (2 + len(NUMBERS)) + "|"
    by_fault = {}
    for row in rows:
        by_fault.setdefault(f"`{row['fault']}`", []).append(row)
    for fault, those in [*by_fault.items(), ("all", rows)]:
        cells = [fault, *(f"{number:,}" for number in (len(those), *sums(those).values()))]
        yield f"| {' | '.join(cells)} |"


def evidence(result):
    """Every sentence of a verdict that does not hold."""
    verdict = result.verdict
    for title, sentences in (("lost", verdict.lost), ("doubled", verdict.doubled), ("wrong", verdict.wrong)):
        for sentence in sentences[:20]:
            yield f"    {title}: {sentence}"
        if len(sentences) > 20:
            yield f"    {title}: and {len(sentences) - 20} more"
    for note in result.notes:
        yield f"    fault: {note}"
    yield f"    logs: {result.folder}"
