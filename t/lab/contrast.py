"""Whether what stands in a page is seen: WCAG 2.1, 1.4.3 and 1.4.11, from its
own style, for each set of colours that it has."""
import re

TEXT, GRAPHIC = 4.5, 3.0
WORDS, GROUNDS = ("fg", "dim"), ("bg", "box")
DRAWN = ("plain", "pass", "none", "softfail", "fail", "temperror", "skip")


def luminance(colour):
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def schemes(page):
    """{"": light, "screen and (prefers-color-scheme:dark)": ..., "print": ...}:
    {name: colour} of each, what it leaves out as in the first."""
    found = {}
    for media, body in re.findall(r"(?:@media ([^{]*)\{)?:root\{([^}]*)\}",
                                  page):
        found[media] = {**found.get("", {}), **dict(
            re.findall(r"--(\w+):(#[0-9a-f]+)", body))}
    return found


def faint(page):
    """What is too faint, with the scheme and the ratio."""
    return ["%s: %s on %s: %.2f" % (media or "light", name, ground, found)
            for media, colours in schemes(page).items()
            for names, least in ((WORDS, TEXT), (DRAWN, GRAPHIC))
            for name in names for ground in GROUNDS
            for found in [ratio(colours[name], colours[ground])]
            if found < least]
