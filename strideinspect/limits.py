"""Every bound on work and memory, with its reason, so that what one analysis may spend can be read in one place.

A bound is a plain number: importing this file loads nothing.
"""

from __future__ import annotations

# Reading a file and inferring shapes (model/)

MOST_PAYLOAD_BYTES = 1024
"""Bytes of a tensor's values that are loaded with the graph; more stay in the file and are read on request."""

MOST_FIELDS = 2_000_000
"""Protobuf fields of a file: about a second's work. The largest exports known have a tenth of it."""

DEEPEST_MESSAGES = 99
"""Protobuf messages within messages: protobuf itself allows no more."""

MOST_INLINED_BYTES = 2**26
"""Of a graph with its local functions inlined: about a hundred thousand plain nodes, a second's work."""

DEEPEST_CALLS = 100
"""Local functions that call local functions: the inliner recurses."""

LONGEST_INPUT_AXIS = 10**6
"""Indices along an axis of a graph input: a minute of audio at 16 kHz; fields are kept per index."""

MOST_TILES_TRIED = 8
"""Sizes of tiles, one step apart, that are tried until the network runs: a mirrored deep map needs a few."""

MOST_TILES_RUN = 729
"""Tiles that are run to prove a tiling: nine along each of three axes."""

MOST_INPUT_ELEMENTS = 2**31
"""Elements of a graph input: onnxruntime would need 8 GiB for it alone."""

LONGEST_MAP = 1 << 22
"""Indices of a map along an axis, four times the longest input: fields are kept per index."""

LONGEST_AXIS = 1 << 28
"""Indices of any tensor along an axis; a damaged file may ask for any number."""

MOST_PIECES = 1 << 12
"""Tensors into which one SplitToSequence cuts an axis; each becomes a tensor of its own."""

MOST_ELEMENTS = 1 << 36
"""Elements of any tensor; a damaged file may ask for any number."""

MOST_CHANNELS = 1 << 31
"""Channels of a model that onnxruntime saved: a damaged file may name more than an attribute holds."""

MOST_CONSTANT_INTEGERS = 4096
"""Elements of an integer constant that takes part in shape arithmetic; larger ones are tables of indices."""

MOST_CONSTANT_REALS = 64
"""Elements of a floating-point constant that is loaded for shape arithmetic; larger ones are weights."""

MOST_SHAPE_REALS = 8
"""Elements of a floating-point constant with which a shape is computed, such as the scales of a Resize."""

MOST_FOLDED_STEPS = 1 << 22
"""Multiplications that one constant may take to compute: some milliseconds. Shape arithmetic takes a few."""

MOST_STORED_INDICES = 1 << 20
"""Elements of a stored table of indices: it is read from the file where a Gather or the like uses it."""

MOST_COMPUTED_INDICES = 1 << 22
"""Elements of a table of indices that constants compute: it is computed where a Gather or the like uses it."""

MOST_TABLE_ENTRIES = 1 << 24
"""Elements of all tables of indices that one analysis computes: 128 MiB. Further tables stay unknown."""

DEEPEST_TABLES = 64
"""Nodes one after the other that compute a table of indices: the computation recurses."""

DEEPEST_LOOPS = 4
"""Loops inside of loops whose bodies are followed for their shapes: each level may follow a body twice."""


# Describing and composing reads (reads/, fields/)

LARGEST_OFFSET = 1 << 29
"""Closed forms with offsets or strides of this many pixels are given up.

No image is that wide, and the sum of two such offsets still fits into the 32-bit integers in which fields are kept.
"""

LARGEST_FIELD_ARRAY = 1 << 24
"""Entries of an array of hulls, 128 MiB. Beyond, a tensor is taken to depend on the whole input, with the reason."""

MOST_REPORTED_PHASES = 64
"""A closed form with more phases is not reported: the list would be too long to read, and --positions has the data."""

MOST_PHASES = 1 << 12
"""A closed form with more phases is given up. It is more than are reported, as a later node may reduce the number."""

MOST_FIELD_ENTRIES = 1 << 27
"""Entries of all arrays of hulls that one analysis keeps, 512 MiB. Beyond, large ones are given up, with the reason."""

LARGE_FIELD_ARRAY = 1 << 12
"""Entries of an array of hulls from which on it counts: a hundred thousand smaller ones take no more than that."""

MOST_LISTED_TAPS = 1 << 23
"""Taps of all outputs along one axis that are listed one by one, some hundred MiB while they are computed."""
MOST_PATHS = 64
"""Alignment is given up where more paths differ in the centers of their fields, by more than a shift.

Upsampled maps whose phases lie differently make new ones at every merge. Real detectors were seen with up to 20.
"""

LARGEST_INDEX_TABLE = 1 << 20
"""Entries of a table that lists an input element for each output element, 8 MiB; otherwise all is taken as read."""

LARGEST_CACHED_TAPS = 1 << 12
"""Entries of a periodic read that is cached: networks repeat small windows, and large tables rarely occur twice."""

LARGEST_CACHED_PATHS = 1 << 10
"""Phases of all paths to a tensor whose centers are cached: real detectors have some hundred."""

LARGEST_CACHED_HULLS = 1 << 13
"""Entries of a hull array that is cached, 32 KiB: a cache of 128 of them holds 4 MiB at most."""

LARGEST_CACHED_CONCATENATION = 1 << 16
"""Entries, for each of two ends, of hulls that were concatenated and are cached: 512 KiB, and eight of them at most."""

LONGEST_CACHED_AXIS = 1 << 14
"""Length of an axis for which masks, losses and resize tables are cached; longer ones would fill the memory."""

MOST_LISTED_WINDOWS = 3
"""Windows inside the body of a Loop that a reason names: enough to recognise the body, short enough for one line."""


# Building the report and its advice (analysis, rules/, studies/, claims/)

MOST_CONTROL_VALUES = 16
"""Elements of an input that may be a flag, a rate or a list of sizes, for which a value can be asked."""

FARTHEST_SIZE = 64
"""Pixels by which advised sizes of an image may always differ from the one inspected; more where the model's strides
have a longer period, for nothing new comes behind one period."""

LONGEST_PERIOD = 1 << 14
"""Pixels beyond which no size is looked for: a second of speech. Each takes microseconds to rule out."""

LONGEST_STRETCH = 16
"""Nodes that are kept together from size to size: of longer stretches fewer are as at another size."""

LONGEST_JUDGED_PERIOD = 1 << 11
"""Period of the sizes of an axis up to which each is judged, to find rules: two periods of a millisecond each."""

MOST_OVERWRITTEN = 64
"""Axes whose unused indices are overwritten with `--verify full`: one run of the model each."""

MOST_SIZES_LISTED = 4096
"""Sizes of a range that are listed one by one."""

MOST_SIZES_ANALYSED = 64
"""Sizes on each side that are analysed in full, milliseconds each, because following the axis did not rule them out."""

MOST_SIZES_CONFIRMED = 6
"""Sizes at which onnxruntime runs the model before they are named: each is a run without weights."""

LONGEST_EASY_SIGNAL = 1 << 15
"""Indices along an axis up to which a signal is as long as usual where the file leaves its length open: a vocoder makes
hundreds of samples of each, and onnxruntime would need minutes."""

MOST_SIZES_TRIED = 128
"""Input sizes at which shapes are inferred to find one at which a model with open sizes runs."""

MOST_NODES_TRIED = 40_000
"""Nodes whose shapes are inferred in doing so: about two seconds' work."""

MOST_NODES_PREFERRED = 2_500
"""Nodes inspected at other sizes where the first one that runs has warnings: about a second's work."""

MOST_SIZES_RUN = 8
"""Input sizes at which such a model is run where onnxruntime refuses it: each is an inspection."""

MOST_CLAIMED_ENTRIES = 1 << 16
"""Entries of one tensor's hulls that are handed to the worker process; where there are more, neighbours share one."""

MODERATE_ENLARGEMENT = 4
"""How many times as long an axis becomes first, to check as many closed forms as that settles in a cheap run."""

MOST_ENLARGEMENT = 16
"""How many times as long an axis may become for the rest: a run costs the square of it on an image."""

LONGEST_CHEAP_AXIS = 512
"""Indices that an enlarged axis may always have, however short it was: such a run is cheap."""

MOST_ENLARGED_ELEMENTS = 1 << 24
"""Elements of an enlarged input: 64 MiB."""

MOST_ENLARGED_MACS = 1 << 37
"""Multiply-adds of one run at an enlarged input: some seconds on a small machine."""


# Running the model (verify/)

MOST_EINSUM_STEPS = 1 << 28
"""Multiplications of one Einsum of more than two operands in a model that is run: about two seconds."""

MOST_RUN_BYTES = 1 << 30
"""Bytes of all tensors that one node reads and writes: a model with more is not run, since that takes all memory."""

SHORT_PROBED_AXIS = 256
"""Indices of an axis that onnxruntime is asked about one by one; on longer ones several share a row."""

MOST_QUESTION_ENTRIES = 1 << 29
"""Numbers that go into one question to onnxruntime about one axis, in several runs: some seconds."""

MOST_SESSION_ENTRIES = 1 << 23
"""Numbers that go into all questions of one run of onnxruntime: 32 MiB."""

LONG_QUESTION_ENTRIES = 1 << 18
"""Numbers of a question from which on it costs less to extrapolate from a shorter axis and to check the result."""

MOST_TAPS = 1 << 24
"""Reads of all outputs along an axis: single precision holds no larger index exactly, and the probe takes 64 MiB."""

MOST_PROBE_ELEMENTS = 1 << 26
"""Elements of one tensor that the probe writes out; all together may have 16 times as many."""

LARGE_CONSTANT_BYTES = 1 << 20
"""Bytes of a constant of the probe from which on it is fed: onnxruntime copies those in the graph several times."""

SMALL_PROBE_NODES = 2_000
"""Nodes of a probe below which starting threads takes longer than they save."""

MOST_TABLE_BYTES = 1 << 26
"""Bytes of a table of indices that keeps its values when the model runs without its weights."""

MOST_INLINE_BYTES = 1 << 26
"""Bytes of zeros written into the model for one weight that cannot be fed."""

SMALL_WEIGHT_ELEMENTS = 1 << 14
"""Elements of a weight made by ConstantOfShape or stored in the graph up to which it is left in place, not fed."""

MOST_IMPULSES = 96
"""Impulses sent through the model with its weights, over all axes of all inputs: each is one full run."""

MOST_BYTES_WITH_WEIGHTS = 1 << 30
"""Bytes of a model file through which impulses are sent: it is in memory three times while it is prepared."""

MOST_WATCHED_ELEMENTS = 1 << 25
"""Elements of all tensors that are compared after each impulse; two copies of them are kept."""

WORKER_GRACE_SECONDS = 5
"""Seconds past the deadline after which the worker ends itself, should the client be gone that would end it."""

# The end of a run (interrupts)

ENDING_SECONDS = 0.7
"""Seconds after a signal for cleaning up; then the process ends anyway, so that a second is never exceeded."""

# Reports of unchanged models (report_cache)

CACHED_REPORTS = 5_000
"""Reports that are kept: about 20 kB each for an ordinary network, so some 100 MB."""

CACHE_SECONDS = 30 * 24 * 3600
"""Reports that nobody has asked for in a month are removed."""

SETTLED_SECONDS = 2.0
"""Age of a file from which on a change shows in its time of change, on file systems with coarse clocks too."""

MOST_PADDING_TRIED = 128
"""How many rows or columns `fix` adds at most to an input: four times the stride of usual networks."""

LARGEST_SHARES = 2**22
"""Entries of the matrix of how much each index of an input axis contributes to each other: 2,048 squared, 32 MiB.

Where reshapes have to be followed index by index, and of longer axes, the middle index alone is followed.
"""

MOST_SHARES = 2**23
"""Entries of all such matrices of one axis, half a second of work; of deeper networks the middle index is followed."""

MOST_BARS = 2048
"""Parts that the contributions to one index are told in: what a figure can show."""

MOST_TAP_STEPS = 2**26
"""Elements followed through one reshape for all indices of an axis, to find which each reads: a tenth of a second.
"""
