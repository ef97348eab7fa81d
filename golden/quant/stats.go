package quant

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/floatref"
)

// Stats is what calibration learned about a network's real values. It is collected
// once and serves any number of Quantize calls, also concurrent ones; the costly
// results that depend on the numerics are remembered inside.
type Stats struct {
	observed

	turn   remade // with the residual stream rotated
	evened remade // with the heads in other bases

	ranges  memo[gridKey, rangeSet]
	coded   memo[codedKey, []float64]
	weights memo[weightKey, rounded]
	inputs  memo[inputKey, []factor]
	refits  memo[inputKey, []float64]
}

// observed is what the calibration images showed.
type observed struct {
	Images int // calibration images

	model   configs.Model
	images  *dataset.Images
	net     *network.Network
	stages  []float64 // of each residual stream: max |value| of it and of what is added to it
	logit   float64   // max |logit|
	patches *sample   // normalised pixels, prefix rows excluded
	embed   spread    // the patch embedding, where a LayerNorm follows it
	blocks  []blockStats
	norm    normStats
	prefix  []*sample // with a classifier on each of several prefix tokens: their rows of norm
	pool    *sample   // the pooled tokens, where they are pooled, by attention, too
}

// newStats are statistics of which nothing was asked yet.
func newStats(o observed) *Stats {
	return &Stats{observed: o, inputs: memo[inputKey, []factor]{limit: maxFactors},
		refits: memo[inputKey, []float64]{limit: maxRefits}}
}

// remade is a checkpoint that computes the same as another, and its statistics, made when first asked for.
type remade struct {
	once    sync.Once
	weights *checkpoint.Weights
	stats   *Stats
	err     error
}

func (r *remade) of(build func() (*checkpoint.Weights, *Stats, error)) (*checkpoint.Weights, *Stats, error) {
	r.once.Do(func() { r.weights, r.stats, r.err = build() })
	return r.weights, r.stats, r.err
}

// rotated is the checkpoint with its residual stream rotated, and what the same calibration images tell of it.
func (s *Stats) rotated(w *checkpoint.Weights) (*checkpoint.Weights, *Stats, error) {
	return s.turn.of(func() (*checkpoint.Weights, *Stats, error) {
		w, err := w.Rotated(s.model)
		if err != nil {
			return nil, nil, err
		}
		stats, err := Calibrate(s.model, w, s.images)
		return w, stats, err
	})
}

// maxFactors bounds the memory of covariance factors: more than the layers of usual
// networks, so that one assignment of bits is kept whole.
const maxFactors = 64

// maxRefits bounds the memory of refitted weights, of which the settings of one layer share most.
const maxRefits = 16

// blockStats are the tensors of one block whose codes have few bits.
type blockStats struct {
	norm1, norm2 normStats
	q, k, v, av  *sample // Dim channels, heads side by side: what codes stand for
	qFine, kFine spread  // q and k in front of their norms, where they have any
	// FC1's output before GELU; of a gated MLP the gated values, behind their norm where they have one
	hidden *sample
	gate   *sample   // of a gated MLP: the gate before its activation
	value  float64   // and the largest |value| that it is multiplied with
	gated  spread    // the products, in front of a norm
	merge  normStats // where a patch merging precedes the block
}

// spread is the largest |value| of a tensor (and of what was added to make it), and the least sqrt(variance + eps) of
// its rows.
type spread struct{ most, least float64 }

// normStats is a LayerNorm's output and the least sqrt(variance + eps) of its input rows.
type normStats struct {
	out   *sample
	sigma float64
}

// memo remembers results by key. Two goroutines may compute the same result; it is
// the same for both.
type memo[K comparable, V any] struct {
	limit int // results kept; 0 is all
	mu    sync.Mutex
	have  map[K]V
}

func (m *memo[K, V]) get(key K, compute func() V) V {
	m.mu.Lock()
	v, ok := m.have[key]
	m.mu.Unlock()
	if ok {
		return v
	}
	v = compute()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.have == nil {
		m.have = map[K]V{}
	}
	for k := range m.have {
		if m.limit == 0 || len(m.have) < m.limit {
			break
		}
		delete(m.have, k) // any: it can be computed again
	}
	m.have[key] = v
	return v
}

// Calibrate runs the float reference over all given images, on all cores, and collects
// ranges and a sample of each tensor's values.
func Calibrate(m configs.Model, w *checkpoint.Weights, images *dataset.Images) (*Stats, error) {
	return CalibrateWith(m, w, images, nil)
}

// CalibrateWith is Calibrate with a function that hears of every image done; it may be nil.
func CalibrateWith(m configs.Model, w *checkpoint.Weights, images *dataset.Images,
	progress func(done, total int)) (*Stats, error) {
	net, err := floatref.New(m, w)
	if err != nil {
		return nil, err
	}
	if images.N == 0 {
		return nil, fmt.Errorf("calibration needs at least one image")
	}
	s := newStats(nothingSeen(m, images.N))
	s.images = images
	workers := min(runtime.GOMAXPROCS(0), images.N)
	// Worker i runs images i, i+workers, ...; what they give is taken in in the images' order,
	// so that the result does not depend on the number of workers.
	type result struct {
		tr  *floatref.Trace
		err error
	}
	done, free := make([]chan result, workers), make([]chan *floatref.Trace, workers)
	stop := make(chan struct{})
	defer close(stop)
	for w := range workers {
		done[w], free[w] = make(chan result), make(chan *floatref.Trace, 1)
		free[w] <- new(floatref.Trace)
		go func() {
			for i := w; i < images.N; i += workers {
				tr := <-free[w]
				_, err := net.Run(images.At(i), tr)
				select {
				case done[w] <- result{tr, err}:
				case <-stop:
					return
				}
			}
		}()
	}
	for i := range images.N {
		r := <-done[i%workers]
		if r.err != nil {
			return nil, fmt.Errorf("calibration image %d: %w", i, r.err)
		}
		if err := reach(net, r.tr); err != nil {
			return nil, fmt.Errorf("calibration image %d: %w", i, err)
		}
		s.observe(net, r.tr)
		free[i%workers] <- r.tr
		if progress != nil {
			progress(i+1, images.N)
		}
	}
	return s, nil
}

// nothingSeen has room for what so many images show.
func nothingSeen(m configs.Model, images int) observed {
	net := network.MustCompile(m)
	norm := func(op network.Op) normStats {
		return normStats{out: newSample(op.Cols, images*net.Used(op)), sigma: math.Inf(1)}
	}
	rows := func(op network.Op) *sample { return newSample(op.Cols, images*op.Rows) }
	last := net.Last()
	s := observed{Images: images, model: m, net: net, stages: make([]float64, len(net.Stages)),
		embed: spread{least: math.Inf(1)}, norm: norm(last), patches: newSample(m.PatchInner(), images*m.Patches())}
	if net.Classifiers > 1 {
		for range net.Classifiers {
			s.prefix = append(s.prefix, newSample(last.Cols, images))
		}
	}
	if op, ok := net.Find(network.RolePool); ok && op.Kind == network.OpPool {
		s.pool = rows(op)
	}
	if last.Kind == network.OpRequantize {
		s.pool = rows(last)
	}
	for b, shape := range net.Blocks {
		at := func(role network.Role) network.Op { return net.At(b, role) }
		fc1 := at(network.RoleFC1)
		next := blockStats{
			norm1: norm(at(network.RoleNorm1)), norm2: norm(at(network.RoleNorm2)),
			q: rows(at(network.RoleQuery)), k: rows(at(network.RoleKey)), v: rows(at(network.RoleValue)),
			gated: spread{least: math.Inf(1)}, qFine: spread{least: math.Inf(1)}, kFine: spread{least: math.Inf(1)},
			av: newSample(shape.Dim, images*net.Used(at(network.RoleProj))), hidden: newSample(fc1.Cols, images*net.Used(fc1)),
		}
		if shape.Gated {
			next.gate = newSample(fc1.Cols, images*net.Used(fc1))
		}
		if shape.Merges() {
			next.merge = norm(at(network.RoleMergeNorm))
		}
		s.blocks = append(s.blocks, next)
	}
	return s
}

// observe takes in the results of one image.
// mostValue is the largest magnitude that an op may reach: far beyond any trained network's.
const mostValue = 1e18

// reach refuses an op whose values no grid of codes could hold.
func reach(net *floatref.Network, tr *floatref.Trace) error {
	for i, op := range net.Ops {
		if top := largest(tr.Ops[i]); !(top <= mostValue) {
			return fmt.Errorf("op %s reaches %g; expected magnitudes up to %g: are these the weights of a trained network?",
				op.Name, top, mostValue)
		}
	}
	return nil
}

func (s *Stats) observe(net *floatref.Network, tr *floatref.Trace) {
	for i, op := range net.Ops {
		s.observeOp(op, net.Ops, tr, tr.Ops[i])
	}
}

func (s *Stats) observeOp(op network.Op, ops []network.Op, tr *floatref.Trace, out []float64) {
	b, used := &blockStats{}, s.net.Used(op)*op.Cols
	if op.Block != network.None {
		b = &s.blocks[op.Block]
	}
	var in []float64
	if op.Inputs[0] != network.Image {
		in = tr.Ops[op.Inputs[0]]
	}
	pre := tr.Pre[op.Index]
	switch op.Role {
	case network.RolePatches:
		s.patches.add(out[s.model.PrefixTokens()*op.Cols:])
	case network.RoleEmbed:
		if _, norms := s.net.Find(network.RoleEmbedNorm); norms {
			s.embed.observe(out, pre, op.Cols, s.model.LayerNormEps)
			return
		}
		s.stream(op, out, pre)
	case network.RoleEmbedNorm, network.RoleMerge, network.RoleFC2:
		s.stream(op, out, pre)
	case network.RoleMergeNorm:
		b.merge.observe(floatref.GatherRows(in, op.Gather, op.Cols/op.Join), out, s.model)
	case network.RoleNorm1:
		b.norm1.observe(in[op.FirstRow*op.Cols:], out, s.model)
	case network.RoleQuery, network.RoleKey:
		s.query(op, b, out)
	case network.RoleQueryNorm, network.RoleQueryTurn:
		b.q.add(out)
	case network.RoleKeyNorm, network.RoleKeyTurn:
		b.k.add(out)
	case network.RoleValue:
		b.v.add(out)
	case network.RoleProj:
		s.stream(op, out, pre)
		rows := joinHeads(in, ops[op.Inputs[0]])
		if op.Gather != nil {
			rows = floatref.GatherRows(rows, op.Gather, op.Cols)
		}
		b.av.add(rows[:used])
	case network.RoleNorm2:
		b.norm2.observe(in, out[:used], s.model)
	case network.RoleGate:
		b.gate.add(pre[:used])
	case network.RoleFC1:
		b.hide(op, out[:used], pre[:used], s)
	case network.RoleMLPNorm:
		b.hidden.add(out[:used])
	case network.RoleNorm:
		s.norm.observe(in[op.FirstRow*op.Cols:], out, s.model)
		for i, p := range s.prefix {
			p.add(out[i*op.Cols : (i+1)*op.Cols])
		}
	case network.RoleRequantize:
		s.pool.add(out)
	case network.RolePool:
		if op.Kind == network.OpPoolStream {
			s.stream(op, out, pre)
			return
		}
		s.pool.add(out)
	case network.RoleHead, network.RoleSecondHead: // both heads' logits, and their sum
		s.logit = max(s.logit, largest(out), largest(pre))
	}
}

// hide takes in the result of an MLP's first layer, and what it was before its activation or gate.
func (b *blockStats) hide(op network.Op, out, pre []float64, s *Stats) {
	if op.Kind != network.OpLinearGated {
		b.hidden.add(pre)
		return
	}
	b.value = max(b.value, largest(pre))
	if b.gated.observe(out, nil, op.Cols, s.model.LayerNormEps); !s.net.Blocks[op.Block].MLPNorm {
		b.hidden.add(out)
	}
}

// query takes in q or k, which are what codes stand for, or what a norm reads.
func (s *Stats) query(op network.Op, b *blockStats, out []float64) {
	codes, fine := b.q, &b.qFine
	if op.Role == network.RoleKey {
		codes, fine = b.k, &b.kFine
	}
	if op.Kind == network.OpLinearFine {
		fine.observe(out, nil, s.net.Blocks[op.Block].HeadDim(), s.model.LayerNormEps)
		return
	}
	codes.add(out)
}

// stream takes in what an op leaves in its residual stream, and what it added.
func (s *Stats) stream(op network.Op, out, pre []float64) {
	s.stages[op.Stage] = max(s.stages[op.Stage], largest(out), largest(pre))
}

func (r *spread) observe(v, pre []float64, width int, eps float64) {
	r.most = max(r.most, largest(v), largest(pre))
	for at := 0; at < len(v); at += width {
		_, variance := floatref.Moments(v[at : at+width])
		r.least = min(r.least, math.Sqrt(variance+eps))
	}
}

func (n *normStats) observe(in, out []float64, m configs.Model) {
	n.out.add(out)
	width := n.out.channels
	for r := 0; r < len(out); r += width {
		_, variance := floatref.Moments(in[r : r+width])
		n.sigma = min(n.sigma, math.Sqrt(variance+m.LayerNormEps))
	}
}

// joinHeads turns [head][row][col] into [row][head*col].
func joinHeads(v []float64, op network.Op) []float64 {
	out := make([]float64, len(v))
	for h := range op.Heads {
		for r := range op.Rows {
			from := (h*op.Rows + r) * op.Cols
			copy(out[(r*op.Heads+h)*op.Cols:], v[from:from+op.Cols])
		}
	}
	return out
}

func largest(v []float64) float64 {
	top := 0.0
	for _, x := range v {
		top = max(top, math.Abs(x))
	}
	return top
}

// reach is how much further than the calibration images others may go, where codes are many and
// reserve is cheap: 2 for one image, 1.2 for 16, 1.02 for 256.
func (s *Stats) reach() float64 { return 1 + 4/(float64(s.Images)+3) }
