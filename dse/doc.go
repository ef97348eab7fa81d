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
//
// The package has rooms, each a few files with a small face; a test holds the list and counts what they export.
//
//   - explore: everything from sensitivities to the measured front's files, in one call.
//   - metric: what a design point can be good at, and how it is read from an estimate.
//   - limits: what a run asks for at least, and the default objectives.
//   - sweep: every legal point of a space that can be enumerated, shard by shard.
//   - exact: the front of any space, engine by engine, with a certificate.
//   - front: what a search found, and its files.
//   - measured: the front and the points near it, measured with the golden model, and cut again in what was measured.
//   - empty: why no point is left, and what a limit or budget costs.
//   - pick: which point of a front to build, and how fronts compare.
//   - problem: a space as a problem of black-box optimisation, for dse/baseline.
//
// Beside it are packages: noise (what numerics cost in the logits, and its prediction), measuring (runs of the golden
// model), jobs (long work), labels (label setting), size (which engine a part holds), baseline (what other methods
// find).
package dse
