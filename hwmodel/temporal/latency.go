package temporal

import "vitdse/hwmodel"

// Pipeline lengths of the emitted RTL, in cycles. Those with a capital go into its text.
const (
	QueueDepth = 8  // matmuls between the sequencer and the drain
	NormSettle = 11 // last row's sums to its root, less one cycle
	NormGap    = 14 // least of a row tile's cycles of LayerNorm beyond one a lane

	drainLatency   = 12 // last columns at the array to the end of the op
	readTurnaround = 4  // a FIFO place given back to the request, and the beat's way in
	stepTurnaround = 4  // a step handed over to the next step's readiness check
	queueLatency   = 2  // a matmul handed over to its start, where the feeder has nothing else to do
	loadedToReady  = 2  // last beat of a segment to its buffer being ready
	softmaxPass    = 11 // beyond one cycle a group of columns, to the last numerator being written
	softmaxDivide  = 18 // from there to the reciprocals, beyond the levels of a sum
	softmaxApart   = 18 // least from the start of a softmax to the next one's: a division takes as long
	poolLatency    = 7  // of a pool, beyond a cycle a channel and the levels of a row tile's sum
	poolRequantize = 8  // of a mean
	normTail       = 14 // channels asked for to their codes in the buffer

	BiasLatency = 3 // scores at the array to their sum with the bias
	biasFreed   = 2 // a head's last scores at the array to its bank of biases being given back
	RegroupHead = 9 // start of a move of rows to its end, beyond a cycle for each word of a row read

	minSlot = 2 // of a tile: what the next one needs is made in it
)

// What scales of each token's own add: fine codes to what the array takes of them, and sums times a power of two.
const (
	TokenCodes = 2
	tokenSums  = 1
)

// DrainLatency is from the last columns at the array to the end of their op.
func (s *Shape) DrainLatency() int {
	if s.Dynamic {
		return drainLatency + tokenSums
	}
	return drainLatency
}

// NormWait is how long after the end of a residual add its last row's sums are there, beyond the first cycle in which
// LayerNorm could read them: a cycle for each level of the sum over the columns that leave at once.
func (s *Shape) NormWait() int { return hwmodel.CeilLog2(s.VC) }

// normHead is from LayerNorm's start, beyond one cycle a lane, to the first channels asked for.
func (s *Shape) normHead() int { return s.NormWait() + 1 + NormSettle }

// scoresLatency is from the last columns at the array to a row tile of scores being there for softmax: where many
// columns leave at once, the largest of them takes longer to be found.
func (s *Shape) scoresLatency() int64 {
	levels := int64(hwmodel.CeilLog2(s.VC))
	if s.Windowed { // it is kept until softmax comes to it
		return 2 + max(0, levels-2) + BiasLatency
	}
	return 2 + max(0, levels-3)
}
