"""Exercises and quiz of notebook 17: BERT reads a text from both sides and learns from words that are hidden."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "17"


def word_pieces(word, vocabulary):
    """The pieces of a word, a list of strings. vocabulary is a set of pieces: those that begin a word are written as
    they are, all others with ## in front, such as play and ##er. Cut off the longest piece with which the word can
    begin, go on with the rest in the same way, and never come back to an earlier cut. If at some place no piece fits,
    the whole word is unknown: the list is ["[UNK]"]."""
    parts, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        fits = [end for end in range(start + 1, len(word) + 1) if mark + word[start:end] in vocabulary]
        if not fits:
            return ["[UNK]"]
        parts.append(mark + word[start : fits[-1]])
        start = fits[-1]
    return parts


def _ways(word, vocabulary, mark=""):
    """All ways to cut a word, those with a longer first piece first."""
    if not word:
        return [[]]
    ends = [end for end in range(len(word), 0, -1) if mark + word[:end] in vocabulary]
    return [[mark + word[:end], *rest] for end in ends for rest in _ways(word[end:], vocabulary, "##")]


def _from_the_end(word, vocabulary):
    """Cut off the longest piece with which the word ends, again and again."""
    pieces, end = [], len(word)
    while end:
        found = [("##" if start else "") + word[start:end] for start in range(end)]
        piece = next((piece for piece in found if piece in vocabulary), None)
        if piece is None:
            return ["[UNK]"]
        pieces.insert(0, piece)
        end -= len(piece.removeprefix("##"))
    return pieces


def _cut(word, vocabulary, mistake):
    """The loop of the solution, with a mistake in it."""
    pieces, start = [], 0
    while start < len(word):
        mark, ends = "##" * (start > 0), [*range(len(word), start, -1)]
        ends = {
            "shortest first": ends[::-1],
            "letter by letter": ends[-1:],
            "whole word not tried": ends[not start :],
            "one letter not tried": ends[:-1],
        }.get(mistake, ends)
        end = next((end for end in ends if mark + word[start:end] in vocabulary), None)
        if end is not None:
            pieces.append(mark + word[start:end])
            start = end + (len(mark) if mistake == "## counted as letters" else 0)
        elif mistake == "unknown letter left out":
            start += 1
        else:
            kept = {"rest unknown": [*pieces, "[UNK]"], "rest left out": pieces, "nothing": [], "word itself": [word]}
            return kept.get(mistake, ["[UNK]"])
    return pieces


def _word_pieces(word, vocabulary, *, mistake):
    begin = {piece for piece in vocabulary if not piece.startswith("##")}
    either = {"##" + piece for piece in begin}
    pieces = _cut(
        word,
        {
            "rest looked up without ##": begin | either,
            "without ## all along": begin | either,
            "looked up in either form": vocabulary | either,
        }.get(mistake, vocabulary),
        mistake,
    )
    ways, plain = _ways(word, vocabulary) or [["[UNK]"]], [piece.removeprefix("##") for piece in pieces]
    return {
        "without ## all along": lambda: plain,
        "## left out": lambda: plain,
        "## at the beginning, too": lambda: ["##" + piece if piece != "[UNK]" else piece for piece in plain],
        "cut from the end": lambda: _from_the_end(word, vocabulary),
        "another way looked for": lambda: ways[0],
        "fewest pieces": lambda: min(ways, key=len),
        "two pieces only": lambda: pieces[:2],
        "first piece only": lambda: pieces[:1],
        "last piece only": lambda: pieces[-1:],
        "from the last to the first": lambda: pieces[::-1],
        "never cut": lambda: [word if word in vocabulary else "[UNK]"],
        "all letters": lambda: list(word),
    }.get(mistake, lambda: pieces)()


BEGIN = {"a", "able", "her", "p", "plan", "plane", "play", "player", "t", "to", "toget", "u", "un"}
INSIDE = "ab able ay b e er ers ets gether h l le n pl play s"
VOCABULARY = BEGIN | {"##" + piece for piece in INSIDE.split()}

word_pieces = Exercise(
    word_pieces,
    notebook=NOTEBOOK,
    asked="strings",
    # Three words in which the longest piece is not the whole answer, one without an answer, one that is a piece itself.
    inputs=[(word, VOCABULARY) for word in ("unplayable", "players", "planets", "able", "together")],
    mistakes=variants(
        _word_pieces,
        {
            "shortest first": "Your pieces are as short as can be. With which end of the word do you begin to try?",
            "letter by letter": "You only try single letters. Which piece is the longest with which the word begins?",
            "whole word not tried": "You cut able, though it is a piece. What is the longest piece that you try?",
            "one letter not tried": "You find no piece that has one letter, such as ##s. Where does your range end?",
            "## counted as letters": "You lose two letters after each ##. How many letters of the word does ##s have?",
            "rest looked up without ##": "You look for s, but the vocabulary has ##s. When do you write ## in front?",
            "without ## all along": "Your pieces never have ##. Is able the same piece at both ends of a word?",
            "## left out": "Your pieces are right, but for ##. Which of them do not begin the word?",
            "## at the beginning, too": "Your first piece has ##, too. What does ## say about a piece?",
            "looked up in either form": "You also take pieces that should begin a word. Which form fits in its middle?",
            "cut from the end": "You cut off the longest piece at the end of players. At which end do you begin?",
            "another way looked for": "You go back to plan when plane leads nowhere. May an earlier cut change?",
            "fewest pieces": "You look for the fewest pieces. What is the longest one with which together begins?",
            "rest unknown": "You keep plane, and call the rest unknown. How much of planets is [UNK]?",
            "rest left out": "You return plane, as if nothing followed it. How much of planets is [UNK]?",
            "unknown letter left out": "You leave the t of planets out. What becomes of a word in which no piece fits?",
            "nothing": "For planets your list is empty. Which piece stands for an unknown word?",
            "word itself": "You return planets itself, and it has no vector. Which piece has one for all such words?",
            "two pieces only": "You stop after two pieces. What is left of unplayable?",
            "first piece only": "You stop after the first piece. What becomes of the rest?",
            "last piece only": "You return the last piece only. Where are those before it?",
            "from the last to the first": "Your pieces run backwards. At which end of the list does a new one stand?",
            "never cut": "You look for the whole word and never cut it. What if only its beginning is a piece?",
            "all letters": "You return all letters. Where do you look into the vocabulary?",
        },
    ),
    hints=[
        "Take unplayable with a pencil: cover letters at its end, one by one, until what you see is a piece. And then?",
        "Two loops: the outer one goes on while letters are left, the inner one tries ends, from the last letter back. "
        "How does the outer one learn that no end has fitted?",
    ],
)


def corrupt(tokens, chosen, numbers, others, mask):
    """What BERT reads in training, (steps,) whole numbers. chosen, (steps,), is True where a token is to be guessed.
    There, the number at the same place in numbers, (steps,), decides; it was drawn from 0 up to, but without, 1. Below
    0.8 the code mask is read; from 0.8 up to, but without, 0.9 the random token of others, (steps,); from 0.9 on the
    true one of tokens, (steps,). Where chosen is False, the true token is read. tokens must stay as it is."""
    is_hidden = chosen & (numbers < 0.8)
    is_random = chosen & (numbers >= 0.8) & (numbers < 0.9)
    return np.where(is_hidden, mask, np.where(is_random, others, tokens))


def _corrupt(tokens, chosen, numbers, others, mask, *, mistake):
    chosen = {"chosen not used": chosen | True, "not chosen in place of chosen": ~chosen}.get(mistake, chosen)
    hidden, changed = numbers < 0.8, numbers < 0.9
    hidden, changed = {
        "all masked": (hidden | True, changed),
        "below 0.15 masked": (numbers < 0.15, numbers < 0.15),
        "random ones left out": (hidden, hidden),
        "none stays": (hidden, changed | True),
        "0.8 masked, too": (numbers <= 0.8, changed),
        "0.9 random, too": (hidden, numbers <= 0.9),
        "below 0.9 masked": (changed, changed),
        "from 0.8 on masked": (~hidden, ~hidden),
        "masks written over": (hidden & False, changed),
        "none masked": (hidden & False, changed & ~hidden),
        "random below 0.1": (changed & (numbers >= 0.1), changed),
        "random and true exchanged": (hidden, hidden | ~changed),
        "nothing changed": (hidden & False, changed & False),
    }.get(mistake, (hidden, changed))
    is_hidden, is_random = chosen & hidden, chosen & changed & ~hidden
    read = np.where(is_hidden, 0 if mistake == "0 in place of mask" else mask, np.where(is_random, others, tokens))
    return {
        "chosen only": lambda: read[chosen],
        "0 where not chosen": lambda: read * chosen,
        "places returned": lambda: is_hidden,
        "true tokens returned, too": lambda: (read, tokens),
    }.get(mistake, lambda: read)()


corrupt = Exercise(
    corrupt,
    notebook=NOTEBOOK,
    # 103 is the code of [MASK] in the vocabulary of BERT. Input 2 has numbers at the edges, 0.8 and 0.9.
    inputs=[
        (
            np.array([7, 12, 5, 31, 18, 44, 9, 27]),
            np.array([True, False, True, True, False, True, True, False]),
            np.array([0.62, 0.31, 0.84, 0.97, 0.86, 0.05, 0.45, 0.93]),
            np.array([21, 33, 14, 50, 28, 3, 39, 16]),
            103,
        ),
        (
            np.array([15, 4, 22, 8, 36]),
            np.array([True, True, False, True, True]),
            np.array([0.9, 0.1, 0.8, 0.8, 0.88]),
            np.array([41, 29, 6, 19, 11]),
            2,
        ),
    ],
    mistakes=variants(
        _corrupt,
        {
            "all masked": "You mask all that are chosen. What do their numbers decide?",
            "below 0.15 masked": "You mask below 0.15, but 15 % is the part that is chosen. What is masked of these?",
            "random ones left out": "From 0.8 on you leave all as they are. Which of them become random?",
            "none stays": "From 0.8 on all are random. Which of the chosen stay as they are?",
            "random and true exchanged": "Yours are random from 0.9 on, and true below it. Which way is asked?",
            "0.8 masked, too": "On input 2 you mask at 0.8 exactly. Is 0.8 below 0.8?",
            "0.9 random, too": "On input 2 you take the random token at 0.9 exactly. Is 0.9 below 0.9?",
            "below 0.9 masked": "You mask below 0.9. What is read from 0.8 on?",
            "from 0.8 on masked": "You mask from 0.8 on: 20 % in place of 80 %. On which side of 0.8 is the mask?",
            "masks written over": "Your masks are written over, for what is below 0.8 is below 0.9, too. "
            "What else must hold for the random ones?",
            "none masked": "You have no masks. Which argument is not used?",
            "random below 0.1": "You begin with the random ones, below 0.1. Their number is right; where do they lie?",
            "nothing changed": "You return tokens as they are. np.where gives a new array: do you use it?",
            "chosen not used": "You look at the numbers only. Which argument says where they count?",
            "not chosen in place of chosen": "You change what is not chosen. Which tokens should be guessed?",
            "0 in place of mask": "You write 0, which is padding. Which argument is not used?",
            "chosen only": "You return the chosen tokens only. What does BERT read at the other places?",
            "0 where not chosen": "You write 0 where nothing is chosen. What should be read there?",
            "places returned": "You return where masks stand. What stands there, and what at the other places?",
            "true tokens returned, too": "You return tokens, too. Which of the two is asked?",
        },
    ),
    hints=[
        "Take input 1 with a pencil, place by place. Which of the numbers do not matter at all?",
        "np.where(condition, one, other) chooses at each place, and one np.where fits into another. Which two "
        "conditions does & join, and why does each need parentheses?",
    ],
)


def masked_loss(logits, tokens, chosen):
    """The loss of BERT, one number: the mean of −ln p over the chosen places only. Row t of logits, (steps,
    vocabulary), has a logit for each token that could stand at place t; the softmax of the row are the shares. p is the
    share of the true token, tokens[t]; tokens is (steps,). chosen, (steps,), is True at one place or more. Logits can
    be as large as 1,000."""
    rows = logits[chosen]
    powers = np.exp(rows - np.max(rows, axis=1, keepdims=True))
    shares = powers / np.sum(powers, axis=1, keepdims=True)
    p = shares[np.arange(len(rows)), tokens[chosen]]
    return np.mean(-np.log(p))


def _shares(logits, mistake):
    """The shares of all places, (steps, vocabulary)."""
    axis = 0 if mistake == "softmax down the columns" else 1
    largest = np.max(logits, axis=None if mistake == "largest of the whole table" else axis, keepdims=True)
    powers = np.exp(logits - (0 if mistake == "too large for exp" else largest))
    return logits if mistake == "no softmax" else powers / np.sum(powers, axis=axis, keepdims=True)


def _masked_loss(logits, tokens, chosen, *, mistake):
    places = {"over all places": chosen | True, "over the others": ~chosen}.get(mistake, chosen)
    shares = _shares(logits * chosen[:, None] if mistake == "0 for the others" else logits, mistake)
    every = shares[np.arange(len(tokens)), tokens]
    p = every[places]
    losses = -np.log(p)
    return {
        "added up": lambda: np.sum(losses),
        "divided by all steps": lambda: np.sum(losses) / len(tokens),
        "0 for the others": lambda: np.mean(-np.log(every)),
        "sign turned": lambda: -np.mean(losses),
        "log2": lambda: np.mean(-np.log2(p)),
        "log10": lambda: np.mean(-np.log10(p)),
        "e to the power of the loss": lambda: np.exp(np.mean(losses)),
        "p itself": lambda: np.mean(p),
        "1 − p": lambda: np.mean(1 - p),
        "share of right guesses": lambda: np.mean(np.argmax(logits, axis=1)[chosen] == tokens[chosen]),
        "mean before ln": lambda: -np.log(np.mean(p)),
        "cut off": lambda: np.mean(-np.log(np.maximum(p, 1e-7))),
        "something added": lambda: np.mean(-np.log(p + 1e-9)),
        "logit of the true token": lambda: -np.mean(logits[np.arange(len(tokens)), tokens][chosen]),
        "largest share": lambda: np.mean(-np.log(np.max(shares, axis=1)[chosen])),
        "all shares of a row": lambda: np.mean(-np.log(shares[chosen])),
        "tokens from the first on": lambda: np.mean(-np.log(shares[chosen][np.arange(len(p)), tokens[: len(p)]])),
        "one loss for each place": lambda: losses,
    }.get(mistake, lambda: np.mean(losses))()


masked_loss = Exercise(
    masked_loss,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.array([[1.2, -0.4, 0.7], [-0.8, 1.5, 0.3], [0.6, 0.2, -1.1], [-0.5, 0.9, 2], [1.1, -1.3, 0.4]]),
            np.array([1, 2, 0, 1, 2]),
            np.array([True, False, True, True, False]),
        ),
        # Chosen rows that are far apart: below the largest logit of the table, the others vanish.
        (
            np.array([[399, 401, 400.5], [0.4, -0.9, 1.3], [-400.6, -399, -401.2], [1.7, 0.5, -0.2]]),
            np.array([2, 0, 2, 1]),
            np.array([True, False, True, False]),
        ),
        # Logits near 1,000, of which exp gives inf; one true token has nearly no share.
        (
            np.array([[1000, 969, 998.5, 999], [-0.3, 0.8, 1.9, -1.4], [988, 990.5, 989, 987]]),
            np.array([1, 3, 2]),
            np.array([True, False, True]),
        ),
    ],
    mistakes=variants(
        _masked_loss,
        {
            "over all places": "Your mean goes over all places. Which argument is not used?",
            "over the others": "Your mean goes over the places that are not chosen. What can be read there?",
            "0 for the others": "You set the other rows to 0, but then their shares are equal. Which rows count?",
            "added up": "You add the losses up. How many are there, and what makes a mean of them?",
            "divided by all steps": "You divide by all steps, so that fewer chosen ones mean a smaller loss. "
            "By what should the sum be divided?",
            "sign turned": "Your loss is below 0. What is the sign of ln p, if p is below 1?",
            "log2": "You take the logarithm to the base 2. Which base has ln?",
            "log10": "You take the logarithm to the base 10. Which base has ln?",
            "e to the power of the loss": "You return the perplexity, e to the power of the loss. Which is asked?",
            "p itself": "You return the mean of p, which is best when it is large. What makes a loss of it?",
            "1 − p": "You take 1 − p. What is the loss if p is nearly 0?",
            "share of right guesses": "You count right guesses. Does it matter how sure they are?",
            "mean before ln": "You take the mean of p first, and then ln. Which of the two comes first?",
            "cut off": "On input 3 one p is below 0.0000001, and you cut it off. What is ln p there?",
            "something added": "You add a little to p. On input 3 it is more than p itself: can p be 0 here?",
            "no softmax": "You take ln of the logits, and some are below 0. What makes shares of them?",
            "logit of the true token": "You take the logit of the true token alone. Do the other logits matter?",
            "softmax down the columns": "Your softmax goes down the columns. What should add up to 1 at each place?",
            "largest of the whole table": "On input 2 one largest logit for all leaves 0/0 in a row. Whose is it?",
            "too large for exp": "On input 3 exp gives inf. What can you take off a row so that its shares stay?",
            "largest share": "You take the largest share. Is it always that of the true token?",
            "all shares of a row": "Your mean goes over all tokens of the vocabulary. Which one is the true one?",
            "tokens from the first on": "Your rows are chosen, your tokens the first ones. Which belong to the rows?",
            "one loss for each place": "You return a loss for each chosen place. What makes one number of them?",
        },
    ),
    hints=[
        "For input 1: which three rows count, and which logit of each belongs to the true token?",
        "Rows first: logits[chosen]. For one entry of each row, index with two arrays: the numbers of the rows, and "
        "the tokens. Which tokens?",
    ],
)

EXERCISES = [word_pieces, corrupt, masked_loss]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "BERT",
    [
        (
            "BERT sees the words on both sides of each place. Why are some hidden from it in training?",
            [
                ("else the answer stands in the input", "What is seen need not be guessed: it could be copied."),
                ("else it reads from right to left, too", "It reads no way round: all places are read at once."),
                ("else a text is too long for the table", "A [MASK] has a place in the table, like any token."),
            ],
        ),
        (
            "A text has 512 tokens, of which 15 % are chosen, and 80 % of these become [MASK]. About how many is that?",
            [
                ("61", "512 · 0.15 · 0.8 = 61.4. The loss also looks at the other 15 that are chosen."),
                ("77", "512 · 0.15 = 76.8 are chosen; not all of them become [MASK]."),
                ("410", "512 · 0.8 = 409.6: but only 15 % are chosen in the first place."),
            ],
        ),
        (
            "Of the chosen tokens, 10 % stay as they are and 10 % become random ones. What is that good for?",
            [
                ("in use, there is no [MASK]", "So it has to make a good vector of a word that it sees, too."),
                ("with fewer masks, it is faster", "A mask takes as long as any other token."),
                ("the loss leaves these out", "It looks at all that are chosen, also at these."),
            ],
        ),
        (
            "You fine-tune BERT Base, with vectors of 768 numbers, to sort reviews into two classes. Then",
            [
                (
                    "a small head is new, and all weights learn",
                    "768 · 2 + 2 = 1,538 are new. All others begin as learned.",
                ),
                ("a small head is new, and it alone learns", "That is possible, too, but then BERT is kept frozen."),
                ("all weights are new, and all of them learn", "Then all the reading before was for nothing."),
            ],
        ),
        (
            "BERT Base has 110 million weights. How many are in its table with a vector of 768 numbers for each of "
            "30,522 pieces?",
            [
                ("23,440,896", "30,522 · 768, which is 21 % of all. The 12 layers have most of the others."),
                ("93,763,584", "30,522 · 3,072: that is the width of its hidden layers, not of its vectors."),
                ("15,627,264", "30,522 · 512: it reads up to 512 tokens, but its vectors have 768 numbers."),
            ],
        ),
    ],
)
