"""Exercises and quiz of notebook 11: word embedding."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "11"
VOCABULARY = {"the": 2, "not": 3, "was": 4, "good": 5, "movie": 6, "bad": 7}


def encode(text, vocabulary, length):
    """A text as length numbers: make it lower case, split it at spaces, and look up each word in vocabulary, a dict
    from words to numbers, from 2 on; a word that it does not have gets 1. Cut off what is beyond length; fill up a
    shorter text with 0, at the end."""
    numbers = [vocabulary.get(word, 1) for word in text.lower().split()][:length]
    return numbers + [0] * (length - len(numbers))


def _encode(text, vocabulary, length, *, mistake):
    text = text[:length] if mistake == "letters cut off" else text
    text = text if mistake == "not in lower case" else text.lower()
    words = {
        "letters": list(text),
        "a word between two spaces": text.split(" "),
        "each word once": dict.fromkeys(text.split()),
        "order of the vocabulary": [word for word in vocabulary if word in text.split()],
    }.get(mistake, text.split())
    known = {word: n + 2 * (mistake == "2 added") for word, n in vocabulary.items()}
    unknown = 0 if mistake in ("unknown as 0", "0 and 1 swapped") else 1
    numbers = {
        "unknown words dropped": lambda: [known[word] for word in words if word in known],
        "no number for unknown words": lambda: [known[word] for word in words],
        "new numbers": lambda: [known.setdefault(word, len(known) + 2) for word in words],
        "numbered by place": lambda: [place for place, _ in enumerate(words, 2)],
    }.get(mistake, lambda: [known.get(word, unknown) for word in words])()
    in_front = mistake == "all in front"
    if mistake != "not cut":
        numbers = numbers[-length:] if in_front or mistake == "first words cut off" else numbers[:length]
    zeros = [int(mistake in ("padding with 1", "0 and 1 swapped"))] * (length - len(numbers))
    zeros = [] if mistake == "not padded" else zeros
    return zeros + numbers if in_front or mistake == "padding in front" else numbers + zeros


encode = Exercise(
    encode,
    notebook=NOTEBOOK,
    inputs=[
        ("The movie was REALLY good", VOCABULARY, 8),
        ("not bad not good at all", VOCABULARY, 5),
        ("Was the  movie good", VOCABULARY, 6),  # two spaces in a row, no unknown word
    ],
    mistakes=variants(
        _encode,
        {
            "not in lower case": "You do not know The, but the vocabulary has the. What makes them one word?",
            "unknown words dropped": "You leave out the words that you do not know. Which number stands for them?",
            "no number for unknown words": "A KeyError: the vocabulary does not have every word. "
            "What does the method get of a dict give then?",
            "new numbers": "A word that you do not know gets a number of its own. Is there a vector for it?",
            "unknown as 0": "A word that you do not know gets 0, like padding. Which number says that it is there?",
            "padding with 1": "You fill up with 1, as if unknown words followed. Which number stands for no word?",
            "0 and 1 swapped": "Your 0 and 1 have changed places. Which one is a word that you do not know?",
            "2 added": "Your known words are off by 2. With which number does the vocabulary begin?",
            "numbered by place": "You count the words of the text. Should one word get the same number in every text?",
            "padding in front": "Your text stands at the end. Where should the zeros go?",
            "first words cut off": "Of a long text you keep the last words. Which ones are asked?",
            "all in front": "You cut and fill up in front, as pad_sequences does unless it is told otherwise. "
            "At which end are both asked?",
            "not padded": "A short text stays short. How many numbers should every text have?",
            "not cut": "A long text stays long. How many numbers should every text have?",
            "letters": "You look up letters. What cuts a text at its spaces?",
            "letters cut off": "You cut the text before you have words. What does length count?",
            "a word between two spaces": "On input 3, two spaces stand in a row, and you find a word between them. "
            "What does split do if you give it no argument?",
            "each word once": "A word that comes again is lost. How often does not stand in input 2?",
            "order of the vocabulary": "Your numbers come in the order of the vocabulary. Which loop follows the text?",
        },
    ),
    hints=[
        "Four steps: words, numbers, cut, fill up. What is there after each of them for input 1?",
        "text.lower() and split() make the words, the method get of a dict finds a number or takes another. "
        "How many zeros are missing then?",
    ],
)


def embedding_gradient(ids, gradients, size):
    """The slope of the loss in a whole table with size rows, (size, dim). ids, (n,), are the numbers of the words in a
    text: at place i, row ids[i] is looked up, and row i of gradients, (n, dim), is the slope in what comes out. Row 0
    is a row like the others."""
    total = np.zeros((size, gradients.shape[1]))
    for i, gradient in zip(ids, gradients):
        total[i] += gradient
    return total


def _embedding_gradient(ids, gradients, size, *, mistake):
    one_hot = np.eye(size)[ids]  # (n, size)
    if mistake == "one-hot turned":
        return one_hot @ gradients
    if mistake in ("the last wins", "the first wins", "each word gets the total"):
        step = -1 if mistake == "the first wins" else 1
        table = np.zeros((size, gradients.shape[1]))
        table[ids[::step]] = gradients.sum(axis=0) if "total" in mistake else gradients[::step]
        return table
    rows = {
        "numbers from 1 on": np.roll(one_hot, -1, axis=1),
        "place for number": np.eye(len(ids), size),
        "all rows get the total": np.ones_like(one_hot),
        "row 0 left out": one_hot * (np.arange(size) > 0),
        "mean over the occurrences": one_hot / np.maximum(one_hot.sum(axis=0), 1),
        "divided by n": one_hot / len(ids),
        "sign": -one_hot,
    }.get(mistake, one_hot)
    table = rows.T @ (np.ones_like(gradients) if mistake == "occurrences counted" else gradients)
    return {
        "one row for each place": gradients,
        "rows looked up": gradients[ids],
        "rows of the text only": table[np.unique(ids)],
        "last rows missing": table[: max(ids) + 1],
        "features added up": table.sum(axis=1),
    }.get(mistake, table)


embedding_gradient = Exercise(
    embedding_gradient,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([3, 1, 3, 0]), np.array([[0.5, -1], [1, 0.2], [0.3, 0.4], [-0.6, 0.7]]), 6),
        # As many words in the text as rows in the table: nothing complains if they change places.
        (np.array([2, 1, 2, 4, 2]), np.array([[1, 2, 0], [0.5, 0, -1], [0, 1, 3], [-2, 1, 1], [4, -1, 0.5]]), 5),
    ],
    mistakes=variants(
        _embedding_gradient,
        {
            "the last wins": "A word that comes again keeps its last slope only. If ids has 3 twice, NumPy writes "
            "table[ids] once, even with +=. What adds up one by one?",
            "the first wins": "A word that comes again keeps its first slope only. What becomes of the next one?",
            "mean over the occurrences": "You take the mean over the places of a word. "
            "The loss depends on its row at each of them: do the shares add up, or are they averaged?",
            "divided by n": "You divide by the length of the text. Do a row's shares add up, or are they averaged?",
            "one row for each place": "You return a row for each place of the text. For what does the table have rows?",
            "place for number": "Row i gets what comes in at place i. Which row was looked up there?",
            "numbers from 1 on": "Each slope lands one row too early. With which number do the rows begin?",
            "rows looked up": "You read the rows ids of gradients. Which array has a row for each word?",
            "one-hot turned": "Your one-hot matrix should be turned on its side: with as many places as words, nothing "
            "complains. What must its columns be when it is multiplied by gradients?",
            "all rows get the total": "All your rows are the same sum. A list [row] * size, too, is one row, "
            "named size times. To which rows does a slope belong?",
            "each word gets the total": "Each word of the text gets the sum of all slopes. Which ones are its own?",
            "row 0 left out": "Row 0 stays 0. It is looked up like any other: does the table know about padding?",
            "rows of the text only": "You return the rows of the text only. What is the slope in the others?",
            "last rows missing": "Your table ends with the largest number in the text. How many words are there?",
            "occurrences counted": "You count how often each word comes. Which argument is not used?",
            "features added up": "You return one number for each word. How many does a vector have?",
            "sign": "The sign is turned. Is the slope asked, or the step against it?",
        },
    ),
    hints=[
        "Begin with a table of zeros. For input 1, write down which rows change, and by what.",
        "A loop over the places of the text: which row of the table gets which row of gradients? "
        "And if something stands there already?",
    ],
)


def nearest(vectors, word):
    """The row number of the word that is most similar to word, itself a row number and left out. Cosine similarity is
    a · b / (|a| |b|), where the length |a| is the root of the sum of a's squares; vectors is (words, dim)."""
    lengths = np.linalg.norm(vectors, axis=1)
    similarity = vectors @ vectors[word] / (lengths * lengths[word])
    similarity[word] = -np.inf
    return np.argmax(similarity)


def _nearest(vectors, word, *, mistake):
    if mistake == "columns made equally long":
        vectors = vectors / np.linalg.norm(vectors, axis=0)
    lengths = np.linalg.norm(vectors, axis=1)
    divisor = {
        "dot product": 1,
        "columns made equally long": 1,
        "no root": lengths**2,
        "numbers added up for the length": np.sum(np.abs(vectors), axis=1),
        "multiplied by the length": 1 / lengths,
    }.get(mistake, lengths)
    similarity = vectors @ vectors[word] / divisor / lengths[word]
    similarity = {
        "distance": -np.linalg.norm(vectors - vectors[word], axis=1),
        "sign ignored": np.abs(similarity),
        "the least similar": -similarity,
    }.get(mistake, similarity)
    if mistake == "second from the wrong end":
        return np.argsort(similarity)[1]
    if mistake != "the word itself":
        similarity[word] = 0 if mistake == "not low enough" else -np.inf
    best = np.argmax(similarity)
    return {
        "numbers after deleting": best - (best > word),
        "similarity returned": similarity[best],
        "vector returned": vectors[best],
    }.get(mistake, best)


nearest = Exercise(
    nearest,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([[-1, 2], [4, -3], [1, -2], [3, -3], [-1, 4], [-3, -2], [0, -3]], float), 2),
        (np.array([[0, 2, 1], [-1, 2, 0], [1, 1, 3], [0, 3, 1], [-1, 0, 0], [1, 3, 3]], float), 1),
        (np.array([[-1, -2], [2, 3], [0, -3], [-4, -2]], float), 1),  # all others point away: every cosine is below 0
    ],
    mistakes=variants(
        _nearest,
        {
            "the word itself": "You find the word itself. Which word is always the most similar one?",
            "not low enough": "All others are below 0 on input 3, and the word itself wins. Which number is below all?",
            "dot product": "That is the order of the dot product: long vectors win. If you divide, is it by one and "
            "the same number for all, or by a length for each row?",
            "multiplied by the length": "You multiply by the lengths of the others. In x / a * b, is x divided by b?",
            "no root": "You divide by the sum of the squares: short vectors win. What makes it a length?",
            "numbers added up for the length": "You add up sizes for a length. How far is it from 0, 0 to 3, 4?",
            "columns made equally long": "You divide each column by its length. Along which axis does a vector lie?",
            "distance": "You find the closest point. Does a vector become less similar when it is made twice as long?",
            "the least similar": "You find the smallest similarity. Which cosine belongs to the same direction?",
            "second from the wrong end": "You find the second smallest similarity. From where does argsort count?",
            "sign ignored": "A vector that points the opposite way is similar for you. What does a cosine of −1 say?",
            "numbers after deleting": "You take the word out and count the rest. What happens to the rows behind it?",
            "similarity returned": "You return how similar it is. Which function tells where the largest one stands?",
            "vector returned": "You return a vector. Which number finds the word, too?",
        },
    ),
    hints=[
        "Draw the vectors of input 1 as arrows. Which one points most nearly the same way as row 2?",
        "vectors @ vectors[word] has all dot products, np.linalg.norm(vectors, axis=1) all lengths. "
        "Before np.argmax: what keeps the word itself from winning?",
    ],
)


def analogy(vectors, a, b, c):
    """a is to b as c is to what? The row number of the word most similar, by cosine similarity, to the sum of
    vectors b − a + c. a, b and c are row numbers of vectors, (words, dim), and these three words are left out."""
    target = vectors[b] - vectors[a] + vectors[c]
    similarity = vectors @ target / np.linalg.norm(vectors, axis=1)  # |target| is the same for all
    similarity[[a, b, c]] = -np.inf
    return np.argmax(similarity)


def _analogy(vectors, a, b, c, *, mistake):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    A, B, C = (unit if mistake == "all made equally long first" else vectors)[[a, b, c]]
    target = {
        "b taken off": A - B + C,
        "c taken off": A + B - C,
        "a not taken off": B + C,
        "a added": A + B + C,
        "c forgotten": B - A,
        "row numbers added": vectors[b - a + c],
    }.get(mistake, B - A + C)
    similarity = {
        "dot product": vectors @ target,
        "distance": -np.linalg.norm(vectors - target, axis=1),
        "the least similar": -unit @ target,
    }.get(mistake, unit @ target)
    out = {
        "nothing left out": [],
        "only b left out": [b],
        "only c left out": [c],
        "a not left out": [b, c],
        "b not left out": [a, c],
        "c not left out": [a, b],
    }.get(mistake, [a, b, c])
    if mistake in ("the second one", "the fourth one"):
        return np.argsort(-similarity)[1 if "second" in mistake else 3]
    similarity[out] = 0 if mistake == "not low enough" else -np.inf
    best = np.argmax(similarity)
    return best - np.sum(np.array(out) < best) if mistake == "numbers after deleting" else best


EIGHT = np.array([[4, -1], [-1, 0], [-2, 4], [-1, 4], [-1, 1], [2, -2], [-2, 3], [3, 1]], float)
SIX = np.array([[2, 3, 1], [1, 3, -1], [3, 1, 3], [3, 0, -1], [1, 3, 2], [2, 0, 2]], float)
# Those that are not asked with point away from b − a + c: every cosine is below 0.
FIVE = np.array([[-3, 1], [-3, 3], [2, 3], [-1, -2], [1, 1]], float)

analogy = Exercise(
    analogy,
    notebook=NOTEBOOK,
    inputs=[(EIGHT, 0, 4, 3), (SIX, 0, 1, 2), (FIVE, 0, 3, 1)],
    mistakes=variants(
        _analogy,
        {
            "nothing left out": "You find a word of the question. Which ones may not be the answer?",
            "only b left out": "You leave out b only. Can a and c be the answer?",
            "only c left out": "You leave out c only, where the way begins. Can a and b be the answer?",
            "a not left out": "You leave out b and c. Can a be the answer?",
            "b not left out": "You leave out a and c. Can b, where the other way ends, be the answer?",
            "c not left out": "You leave out a and b. Can c, where you begin, be the answer?",
            "not low enough": "All others are below 0 on input 3, and a, b or c wins. Which number is below all?",
            "the second one": "You take the second in the order. Can more than one word of the question come first?",
            "the fourth one": "You take the fourth one in the order. Do a, b and c always come first?",
            "b taken off": "Your way leads from b to a. From where to where should it lead?",
            "c taken off": "You take off c. The way is b − a: from where do you walk it?",
            "a not taken off": "You add b and c. What is taken off king before woman is added?",
            "a added": "You add a. Is man added to king, or taken off?",
            "c forgotten": "That is most similar to the way b − a. From where do you walk it?",
            "row numbers added": "You calculate with row numbers, but they are names. What should be added?",
            "all made equally long first": "You make the vectors equally long before you add them, as some do. "
            "Here they keep their lengths: when does the length count no more?",
            "dot product": "The order of the dot product: long vectors win. By whose length is each one divided?",
            "distance": "You find the closest point. By what are directions compared?",
            "the least similar": "You find the smallest similarity. Which cosine belongs to the same direction?",
            "numbers after deleting": "You take three words out and count the rest. What happens to the rows behind?",
        },
    ),
    hints=[
        "Draw a, b and c of input 1 as points. Walk from a to b, and then the same way from c: where do you arrive?",
        "First the point where you arrive, then as in nearest, with it in place of the word. "
        "similarity[[a, b, c]] reaches three places at once.",
    ],
)

EXERCISES = [encode, embedding_gradient, nearest, analogy]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Word embedding",
    [
        (
            "Embedding(15000, 50) has 750,000 parameters. It reads one text: 20 words, 16 of them different. How many "
            "parameters can have a slope other than 0?",
            [
                ("800", "The rows of 16 words, 50 numbers each. Where a word comes again, its slopes add up."),
                ("1,000", "A word that comes again has no second row: both slopes go to the same one."),
                ("750,000", "One-hot times the table: a row that meets only zeros does not change the result."),
            ],
        ),
        (
            "good and not bad are positive, bad and not good negative. A network takes the mean of the words' vectors, "
            "and one sigmoid neuron answers. No weights are right for all four, since",
            [
                (
                    "not has one number, whatever stands beside it",
                    "Each word has one number, and their mean decides. To turn good, that of not must lie below the "
                    "boundary; to turn bad, above it. This is XOR again.",
                ),
                (
                    "the mean loses the order of the words",
                    "It does, but these four differ in their words. It hurts with: not bad, good, and: not good, bad.",
                ),
                ("the vectors are too short", "However many numbers they have, the neuron makes one of each word."),
            ],
        ),
        (
            "Of all 15,000 GloVe words, which one is most similar to king − man + woman?",
            [
                (
                    "king",
                    "0.886, against 0.861 for queen: woman − man is a short step. Demonstrations find queen since they "
                    "leave out the three words of the question.",
                ),
                ("queen", "Only if king is left out. Whoever shows this should say so."),
                ("woman", "0.569. king has more of a share in the sum than the step from man to woman."),
            ],
        ),
        (
            "By the same vectors, and with the same three left out, man is to doctor as woman is to nurse. This shows",
            [
                (
                    "who was called what in the texts",
                    "The vectors know words by their company. Whoever sorts applications with them sorts by it, too.",
                ),
                ("an error that more such texts would cure", "More of the same texts say the same, only more surely."),
                ("what the words mean", "A doctor who is a woman is a doctor. Vectors know use, not meaning."),
            ],
        ),
        (
            "Few texts have labels: awful stands in some of them, terrible in none. Which network can judge terrible?",
            [
                (
                    "one with the vectors of GloVe: there it is close to awful",
                    "Their cosine is 0.89. What is learned about awful holds for terrible, too. The fewer the labels, "
                    "the more words need this.",
                ),
                (
                    "one with random vectors: awful takes it along",
                    "A row gets a slope only if its word occurs. That of terrible stays as random as it was.",
                ),
                (
                    "none: what has no label cannot be learned",
                    "That the two are used alike, GloVe has learned from texts without labels.",
                ),
            ],
        ),
    ],
)
