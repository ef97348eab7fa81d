// Package dse explores a space of design points: it covers every legal point of every
// part, keeps the points that fit the part and that no other point beats, and says how
// good their numerics really are.
//
// Three objectives are minimised: the latency of one image in seconds, the largest
// fraction of a resource's budget that the design takes, and the noise of the logits
// against the float network. A point of the front is not dominated by any other point
// of the space on the same part; of points equal in all three the one of the lowest
// rank stays. The result is the same for any number of workers, and for a run that was
// interrupted and resumed.
//
// The sweep is exhaustive, never sampled. It is fast because a price depends on the
// numerics only through a few widths, and the noise not at all on the engine: see
// docs/SEARCH.md.
package dse
