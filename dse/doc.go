// Package dse explores a space of design points: it covers every legal point of every
// part, keeps the points that fit the part and that no other point beats, and says how
// good their numerics really are.
//
// Three objectives are minimised unless a run names others: the latency of one image in seconds, the largest fraction
// of a resource's budget that the design takes, and the noise of the logits against the float network. A point of the
// front is not dominated by any other point of the space on the same part; of points equal in all objectives the one
// of the lowest rank stays. The result is the same for any number of workers, and for a run that was interrupted and
// resumed.
//
// The package itself is only the door: Explore goes from sensitivities to the measured front's files in one call, and
// Budgets says what a budget costs. What they do is in rooms, each a package below this one: metric and limits (what is
// asked for), space (what there is to choose), noise and accuracy (what numerics cost, predicted and measured), sweep
// and exact (the two searches, with search for what they share, labels for label setting, pareto for domination and
// certificate for the proof), front (what they found) with empty, pick and measured, jobs (long work), measuring (runs
// of the golden model), size (which engine a part holds) and baseline (what other methods find).
package dse
