"""The ten garments, each cut from a few curves, half-planes and ellipses.

Every function draws ``dice.count`` pictures of one class; see ``brushes`` for the arrays. All
lengths are in pixels of a 28×28 picture. What makes the classes hard to tell apart is what does
so in photographs: the five garments with sleeves share their cuts, and differ by ranges that
overlap and by details that are often missing.
"""

import numpy as np

from helpers.datasets.drawn.brushes import (
    Array,
    Canvas,
    Dice,
    arc,
    both,
    cover,
    polyline,
    ramp,
    under,
    wave,
)

# What is worn above the legs: ranges of the cut, and how often a detail is there.
TOPS = ("T-Shirt", "Pullover", "Dress", "Coat", "Shirt")
CUTS: dict[str, tuple[tuple[float, float], ...]] = {
    "hem": ((10.5, 13.8), (10.5, 13.8), (12.8, 13.8), (11.5, 13.8), (11, 13.8)),
    "chest": ((6.4, 9.4), (6.2, 8.9), (3.8, 7.2), (6.2, 8.9), (6.2, 8.9)),
    "waist": ((0.86, 1.05), (0.86, 1.08), (0.72, 1), (0.86, 1.06), (0.86, 1.06)),
    "flare": ((0.9, 1.12), (0.88, 1.12), (0.9, 1.7), (0.9, 1.18), (0.9, 1.16)),
    "neck": ((2, 4.6), (1.9, 4.1), (1.8, 4), (1.8, 3.8), (1.8, 4)),
    "depth": ((0.8, 4.5), (0.7, 4), (0.8, 6), (0.8, 4.5), (0.8, 4.5)),
    "sleeve": ((0.02, 0.5), (0.75, 1.04), (-0.5, 0.95), (0.78, 1.04), (0.1, 1.04)),
    "arm": ((2.1, 3.4), (2, 3.2), (1.4, 2.6), (2, 3.2), (2, 3.2)),
    "flap": ((1, 3), (1, 3), (1, 3), (3, 9), (1.5, 3.5)),
}
ODDS: dict[str, tuple[float, ...]] = {
    "print": (0.5, 0.4, 0.05, 0.03, 0.05),
    "front": (0.02, 0.04, 0.12, 0.94, 0.4),
    "open": (0, 0.01, 0.02, 0.3, 0.03),
    "buttons": (0.02, 0.02, 0.1, 0.35, 0.9),
    "collar": (0.03, 0.05, 0.08, 0.8, 0.85),
    "rib": (0.08, 0.6, 0.05, 0.2, 0.1),
    "belt": (0.02, 0.02, 0.3, 0.15, 0.03),
    "pockets": (0.04, 0.06, 0.06, 0.6, 0.15),
    "busy": (0.3, 0.3, 0.35, 0.22, 0.6),
}


def top(dice: Dice, size: int, name: str) -> Canvas:
    """A garment with a neckline, two sleeves and a hem: ``name`` is one of ``TOPS``."""
    which = TOPS.index(name)
    cut = {key: dice.uniform(*ranges[which]) for key, ranges in CUTS.items()}
    odds = {key: values[which] for key, values in ODDS.items()}
    canvas = Canvas(dice, size, 1, (0.93, 1.05))
    x, y = canvas.x, canvas.y
    u = np.abs(x)
    shade = canvas.cloth(odds["busy"])

    # The upper edge: the shoulders fall outwards, the neckline is cut in between.
    high = -13.5 + dice.uniform(0, 1)
    neck, chest = cut["neck"], cut["chest"]
    shoulder = chest * dice.uniform(0.85, 1)
    fall = dice.uniform(0.2, 0.55)
    r = np.minimum(u / neck, 1)
    straight = 1 - r
    dip = straight + dice.uniform() * (np.sqrt(1 - r * r) - straight)
    below = y - high - np.maximum(fall * (u - neck), cut["depth"] * dip)

    # Behind the neckline one sees the inside of the back.
    back = both(y - high - dice.uniform(0.3, 1.2), neck - u, -below)
    canvas.paint(cover(back) * dice.chance(0.6), shade * dice.uniform(0.25, 0.8))

    # Sleeves: a tapered band along a line that leaves the shoulder, flatter the shorter it is.
    length = np.maximum(cut["sleeve"], 0)
    spread = dice.uniform(0.07, 0.24) + (1 - length) * dice.uniform(0, 0.5)
    drop = np.sqrt(1 - spread * spread)
    arm = cut["arm"]
    start = high + fall * (shoulder - neck) + arm
    du, dy = u - (shoulder - arm * 0.35), y - start
    along = spread * du + drop * dy
    aside = np.abs(drop * du - spread * dy)
    reach = length * dice.uniform(20, 23)
    width = arm * (1 - ramp(along, 0, 20) * dice.uniform(0.1, 0.5))
    sleeve = cover(both(width - aside, reach - along, below, along + 3)) * (length > 0.02)
    canvas.paint(sleeve, shade * dice.uniform(0.82, 1.1))
    rib = dice.some(odds["rib"], 0.15, 0.5) * dice.sign()
    canvas.tone(sleeve * cover(along - reach + 2), rib)

    # The body: half its width row by row. It throws a shadow on the sleeves.
    armpit = start + arm
    middle = armpit + (cut["hem"] - armpit) * dice.uniform(0.3, 0.6)
    half = polyline(
        y,
        (start, shoulder),
        (armpit, chest),
        (middle, chest * cut["waist"]),
        (cut["hem"], chest * cut["flare"]),
    )
    rounding = dice.uniform(-0.012, 0.02) * u * u
    body = both(half - u, below, cut["hem"] - rounding - y)
    canvas.tone(cover(1 - np.abs(body)), -dice.uniform(0, 0.7))
    canvas.paint(cover(body), shade)
    canvas.tone(cover(u - half + 1) * cover(y - armpit), -dice.uniform(0, 0.5))
    canvas.tone(cover(y - cut["hem"] + dice.uniform(1, 2)), rib)

    # What is printed or sewn on.
    tall, wide = dice.uniform(0.5, 4), dice.uniform(1.5, 5)
    spot = cover(tall - np.abs(y - dice.uniform(-6, 1))) * dice.some(odds["print"], 0.3, 0.9)
    letters = wave(y * dice.uniform(0.15, 0.5)) + (wave(x * dice.uniform(0.1, 0.5)) + 0.6)
    canvas.tone(cover(letters) * cover(wide - u), spot * dice.sign())
    line = dice.some(odds["front"], 0.25, 0.8) * dice.sign()
    canvas.tone(cover(dice.uniform(0.1, 0.6) - u), line)
    gap = ramp(y, high, 14) * dice.uniform(0.5, 3) - u
    canvas.tone(cover(gap), -dice.some(odds["open"], 0.5, 0.95))
    knobs = dice.some(odds["buttons"], 0.4, 0.9) * dice.sign()
    knobs = knobs * cover(wave(y * dice.uniform(0.2, 0.35) + dice.uniform()) * 2 - 1)
    canvas.tone(cover(0.5 - np.abs(x - dice.uniform(-1, 1))), knobs)
    lapel = cut["flap"] - below
    collar = cover(both(lapel, neck * 1.3 - u + lapel * 0.3))
    canvas.tone(collar, dice.some(odds["collar"], 0.15, 0.5) * dice.sign())
    canvas.tone(cover(0.5 - np.abs(y - middle)), dice.some(odds["belt"], 0.3, 0.8) * dice.sign())
    pocket = cover(0.3 - np.abs(y - dice.uniform(-5, 7))) * dice.some(odds["pockets"], 0.3, 0.8)
    canvas.tone(cover(1.5 - np.abs(u - chest * 0.6)), -pocket)
    return canvas


def trouser(dice: Dice, size: int) -> Canvas:
    """Two legs that part below the hips."""
    canvas = Canvas(dice, size, 1, (0.93, 1.05))
    y = canvas.y
    u = np.abs(canvas.x + dice.uniform(-0.06, 0.06) * y)
    shade = canvas.cloth(0.25)
    waist = dice.uniform(3.6, 6)
    hip, crotch = waist + dice.uniform(0.3, 1.6), dice.uniform(-7, -2)
    hem = 13.6 - dice.some(0.1, 2, 10)
    stride, leg = dice.uniform(0.1, 3.2), dice.uniform(2.6, 5.4)
    outer = polyline(y, (-13, waist), (-8, hip), (hem, stride + leg))
    inner = polyline(y, (crotch - 1.5, -1), (crotch, 0), (hem, stride))
    canvas.paint(cover(both(outer - u, u - inner, hem - y, y + 13.5)), shade)
    canvas.tone(cover(0.4 - u) * (y < crotch), -dice.uniform(0, 0.6))
    canvas.tone(cover(-11.5 - y), dice.some(0.5, 0.1, 0.6) * dice.sign())
    canvas.tone(cover(1 - np.abs(u - (outer + inner) * 0.5)), dice.uniform(-0.3, 0.2))
    canvas.tone(cover(1 - outer + u), -dice.uniform(0, 0.5))
    return canvas


def bag(dice: Dice, size: int) -> Canvas:
    """A body with rounded corners, and a handle or a strap above it."""
    canvas = Canvas(dice, size, 1, (0.93, 1.05))
    y = canvas.y
    x = canvas.x + dice.uniform(-0.06, 0.06) * y
    u = np.abs(x)
    shade = canvas.cloth(0.4)
    wide, tall = dice.uniform(8, 14), dice.uniform(6, 11.5)
    loop = dice.chance(0.75) * dice.uniform(1.5, 26 - 2 * tall)
    middle = loop * 0.5 + dice.uniform(-0.5, 0.5)
    roof = middle - tall

    # The handle is half a ring; the way to it is about that along the shorter radius.
    across, up = wide * dice.uniform(0.3, 0.95), np.maximum(loop, 1)
    r = np.sqrt((u / across) * (u / across) + ((y - roof) / up) * ((y - roof) / up))
    ring = dice.uniform(0.4, 1.2) - np.abs(1 - r) * np.minimum(across, up)
    canvas.paint(cover(both(ring, roof - y + 1)) * (loop > 0), shade * dice.uniform(0.6, 1.1))

    lean = 1 + ramp(y, roof, roof + 2 * tall) * dice.uniform(-0.2, 0.25)
    bend = dice.uniform(0.5, 5)
    du, dy = u - wide * lean + bend, np.abs(y - middle) - tall + bend
    out, down = np.maximum(du, 0), np.maximum(dy, 0)
    body = bend - np.sqrt(out * out + down * down)
    canvas.paint(cover(body), shade)
    canvas.tone(cover(1 - body), -dice.uniform(0, 0.4))

    flap = roof + tall * dice.uniform(0.2, 1.4) - u * dice.uniform(-0.2, 0.3)
    canvas.tone(cover(0.4 - np.abs(y - flap)), -dice.some(0.6, 0.2, 0.7))
    canvas.tone(cover(flap - y), dice.some(0.5, -0.4, 0.4))
    clasp = both(dice.uniform(0.5, 2) - u, 1 - np.abs(y - flap))
    canvas.tone(cover(clasp), dice.some(0.5, 0.2, 0.8) * dice.sign())
    return canvas


# Shoes are seen from the side, the toe on the left. Heights are above the ``ground``.


def heeled(dice: Dice, canvas: Canvas, ground: Array, heel: Array) -> tuple[Array, Array, Array]:
    """What a shoe stands on: its underside by column ``[1, W, n]``, heel, and back end.

    Returns ``(underside, cover of the heel [H, W, n], back [n])``.
    """
    x, y = canvas.x, canvas.y
    back = dice.uniform(11.5, 13.4)
    underside = ground - heel * polyline(x, (-7, 0), (-2, 0.3), (dice.uniform(4, 7), 1))
    block = dice.uniform(0.8, 5) + dice.some(0.25, 2, 12)
    front = back - block - (ground - y) * dice.uniform(0, 0.3)
    post = both(x - front, back - 0.3 - x, ground - y, y - underside + 1)
    return underside, cover(post) * (heel > 0.6), back


def sneaker(dice: Dice, size: int) -> Canvas:
    """A low shoe with a sole, laces and stripes on its side."""
    canvas = Canvas(dice, size, 1, (0.92, 1.03))
    x = canvas.x
    y = canvas.y + dice.uniform(-0.05, 0.05) * x
    shade = canvas.cloth(0.35)
    tall = dice.uniform(7.5, 12.5) + dice.some(0.25, 2, 10)
    ground = tall * 0.5 + dice.uniform(0, 1.5)
    underside, _, back = heeled(dice, canvas, ground, dice.uniform(0, 0.6))
    toe, tongue = dice.uniform(2.8, 4.8), dice.uniform(-2, 2.5)
    rise = (
        ground
        - toe * arc(x, -13.9, dice.uniform(-11, -8))
        - (tall - toe) * polyline(x, (-10, 0), (-6, dice.uniform(0.15, 0.35)), (tongue, 1))
        + tall * dice.uniform(0, 0.28) * (arc(x, tongue, tongue + 4) - ramp(x, 8, back - 1))
    )
    depth = under(y, rise)
    counter = back - 1.2 * ramp(ground - y, 3, tall) - x
    shape = both(depth, underside - y, counter, x + 13.7)
    canvas.paint(cover(shape), shade)
    lean = x - dice.uniform(0.3, 1.2) * dice.sign() * y
    stripes = cover(wave(lean * dice.uniform(0.1, 0.3) + dice.uniform()) * 3)
    side = both(dice.uniform(2, 6) - np.abs(x - dice.uniform(-2, 5)), depth - 1.5)
    canvas.tone(stripes * cover(side), dice.some(0.7, 0.2, 0.8) * -dice.sign())
    laces = both(1.5 - depth, 3.5 - np.abs(x - tongue + 3.5))
    canvas.tone(cover(laces) * cover(wave(x * 0.4) * 2), dice.some(0.7, 0.2, 0.7) * -1)
    canvas.tone(cover(dice.uniform(-11, -6) - x), dice.some(0.4, 0.1, 0.5) * dice.sign())
    canvas.tone(cover(x - dice.uniform(9, 11)), dice.some(0.4, 0.1, 0.6) * dice.sign())
    sole = dice.uniform(1, 2.8)
    canvas.paint(cover(both(shape, y - underside + sole)), dice.uniform(0.2, 0.95))
    canvas.tone(cover(0.4 - np.abs(y - underside + sole)), -dice.uniform(0, 0.6))
    return canvas


def sandal(dice: Dice, size: int) -> Canvas:
    """A sole with or without a heel, and straps with nothing between them."""
    canvas = Canvas(dice, size, 1, (0.92, 1.03))
    x = canvas.x
    y = canvas.y + dice.uniform(-0.05, 0.05) * x
    shade = canvas.cloth(0.3)
    heel = dice.some(0.6, 1, 12)
    tall = dice.uniform(4, 7.5) + heel * dice.uniform(0.1, 0.6)
    ground = tall * 0.4 + heel * 0.5 + dice.uniform(0.5, 2)
    underside, post, back = heeled(dice, canvas, ground, heel)
    canvas.paint(post, shade * dice.uniform(0.5, 1))
    thick = dice.uniform(1.2, 3.6)
    within = both(back - x, x + 13.7)
    canvas.paint(cover(both(under(y, underside - thick), underside - y, within)), shade)
    canvas.tone(cover(0.4 - np.abs(y - underside + thick * 0.5)), -dice.uniform(0, 0.5))

    # The straps lie on a foot that is not there: its upper edge, then bands across it.
    rise = (
        underside
        - (thick + dice.uniform(1, 3)) * arc(x, -13.5, -9)
        - tall * polyline(x, (-11, 0), (dice.uniform(-6, 0), dice.uniform(0.4, 0.9)), (6, 1))
    )
    foot = both(under(y, rise), underside - y, within)
    for middle, often in ((-8.5, 1), (-4.0, 0.75), (1.5, 0.4), (7.5, 0.4)):
        lean = x + dice.uniform(-0.9, 0.6) * (y - underside)
        strap = dice.uniform(0.8, 3.2) - np.abs(lean - middle - dice.uniform(-2, 2)) * 0.8
        canvas.paint(cover(both(strap, foot)) * dice.chance(often), shade * dice.uniform(0.7, 1.1))
    canvas.paint(cover(foot) * dice.chance(0.1), shade)
    ankle = dice.chance(0.72)
    loop = both(dice.uniform(0.6, 1.5) - np.abs(y - rise - 1), x - dice.uniform(-6, 7), within)
    canvas.paint(cover(loop) * ankle, shade)
    counter = both(foot, x - back + dice.uniform(0.8, 4.5))
    canvas.paint(cover(counter) * ankle, shade * dice.uniform(0.6, 1.1))
    return canvas


def ankle_boot(dice: Dice, size: int) -> Canvas:
    """A foot and a shaft above the ankle, with a flat or a high heel."""
    canvas = Canvas(dice, size, 1, (0.92, 1.03))
    x = canvas.x
    y = canvas.y + dice.uniform(-0.04, 0.04) * x
    shade = canvas.cloth(0.25)
    heel = dice.some(0.6, 0.5, 8)
    tall = np.minimum(dice.uniform(15, 27) + heel * 0.5 - dice.some(0.3, 1, 7), 27)
    ground = tall * 0.5 + dice.uniform(0, 0.6)
    underside, post, back = heeled(dice, canvas, ground, heel)
    canvas.paint(post, dice.uniform(0.2, 0.9))
    toe, bend = dice.uniform(3.2, 5.5), dice.uniform(-2.5, 2)
    instep = (tall - heel - toe) * dice.uniform(0.25, 0.5)
    shaft = dice.uniform(0.6, 2.6)
    rise = (
        underside
        - toe * arc(x, -13.9, dice.uniform(-11, -8))
        - instep * polyline(x, (-10, 0), (-5, 0.35), (bend, 1))
        - 30 * ramp(x, bend, bend + shaft * 30 / (tall - heel - toe - instep))
    )
    roof = ground - tall + dice.uniform(-0.15, 0.1) * (x - 6)
    shape = both(under(y, rise), y - roof, underside - y, back - x, x + 13.7)
    canvas.paint(cover(shape), shade)
    canvas.tone(cover(dice.uniform(1, 3) - y + roof), dice.some(0.4, 0.1, 0.6) * dice.sign())
    gore = both(dice.uniform(0.3, 2.5) - np.abs(x - dice.uniform(5, 9)), underside - 5 - y)
    canvas.tone(cover(gore), -dice.some(0.4, 0.2, 0.6))
    laces = both(1.8 - np.abs(under(y, rise) - 1.5), x + 5)
    canvas.tone(cover(laces) * cover(wave(y * 0.36) * 2), dice.some(0.4, 0.2, 0.7) * dice.sign())
    canvas.tone(cover(dice.uniform(-10, -6) - x), dice.some(0.3, 0.1, 0.4) * dice.sign())
    sole = dice.uniform(0.8, 2.4)
    canvas.paint(cover(both(shape, y - underside + sole)), dice.uniform(0.15, 0.9))
    return canvas


def draw(dice: Dice, size: int, label: int) -> Canvas:
    """``dice.count`` pictures of class ``label``: 0 T-Shirt … 9 Ankle Boot, as the data set's."""
    if label in (0, 2, 3, 4, 6):
        return top(dice, size, TOPS[(0, 2, 3, 4, 6).index(label)])
    return {1: trouser, 5: sandal, 7: sneaker, 8: bag, 9: ankle_boot}[label](dice, size)
