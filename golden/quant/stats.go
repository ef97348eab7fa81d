package quant

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/floatref"
)

// Stats is what calibration learned about a network's real values. It is collected
// once and serves any number of Quantize calls, also concurrent ones; the costly
// results that depend on the numerics are remembered inside.
type Stats struct {
	Images int // calibration images

	model    configs.Model
	residual float64 // max |value| of the residual stream and of what is added to it
	logit    float64 // max |logit|
	patches  *sample // normalised pixels, prefix rows excluded
	blocks   []blockStats
	norm     normStats
	prefix   []*sample // distilled DeiT: rows of norm of the class and of the distillation token
	swin     *swinStats
	embed    embedStats // where a LayerNorm is behind the patch embedding
	pool     *sample    // what the head reads of the pooled tokens; nil where nothing is pooled behind the last LayerNorm

	ranges  memo[gridKey, rangeSet]
	coded   memo[codedKey, []float64]
	weights memo[weightKey, rounded]
	inputs  memo[inputKey, []factor]
}

// maxFactors bounds the memory of covariance factors: more than the layers of usual
// networks, so that one assignment of bits is kept whole.
const maxFactors = 64

// blockStats are the tensors of one block whose codes have few bits.
type blockStats struct {
	norm1, norm2 normStats
	q, k, v, av  *sample   // Dim channels, heads side by side
	hidden       *sample   // FC1's output before GELU
	merge        normStats // Swin, where a stage begins
}

// normStats is a LayerNorm's output and the least sqrt(variance + eps) of its input rows.
type normStats struct {
	out   *sample
	sigma float64
}

// embedStats is what goes into the LayerNorm behind a patch embedding.
type embedStats struct {
	top   float64 // max |value|, also of the matmul's result before the positions
	least float64 // least sqrt(variance + eps) of its rows
}

func (e *embedStats) observe(out, pre []float64, m configs.Model) {
	e.top = max(e.top, largest(out), largest(pre))
	for r := 0; r < len(out); r += m.Dim {
		_, variance := floatref.Moments(out[r : r+m.Dim])
		e.least = min(e.least, math.Sqrt(variance+m.LayerNormEps))
	}
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
func CalibrateWith(m configs.Model, w *checkpoint.Weights, images *dataset.Images, progress func(done, total int)) (*Stats, error) {
	net, err := floatref.New(m, w)
	if err != nil {
		return nil, err
	}
	if images.N == 0 {
		return nil, fmt.Errorf("quant: calibration needs at least one image")
	}
	s := newStats(m, images.N)
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
			return nil, fmt.Errorf("quant: calibration image %d: %w", i, r.err)
		}
		s.observe(net, r.tr)
		free[i%workers] <- r.tr
		if progress != nil {
			progress(i+1, images.N)
		}
	}
	return s, nil
}

func newStats(m configs.Model, images int) *Stats {
	if m.Family == configs.Swin {
		return newSwinStats(m, images)
	}
	n := images * m.Tokens()
	norm := func(rows int) normStats {
		return normStats{out: newSample(m.Dim, rows), sigma: math.Inf(1)}
	}
	_, rows := m.NormRows()
	s := &Stats{Images: images, model: m, inputs: memo[inputKey, []factor]{limit: maxFactors}, norm: norm(images * rows), embed: embedStats{least: math.Inf(1)},
		patches: newSample(m.PatchInner(), images*m.Patches())}
	if m.Family == configs.DeiTDistilled {
		s.prefix = []*sample{newSample(m.Dim, images), newSample(m.Dim, images)}
	}
	if m.Pools() && !m.FCNorm {
		s.pool = newSample(m.Dim, images)
	}
	for b := range m.Depth {
		used := images * s.used(configs.Op{Block: b, Rows: m.Tokens()})
		s.blocks = append(s.blocks, blockStats{
			norm1: norm(n), norm2: norm(used),
			q: newSample(m.Dim, n), k: newSample(m.Dim, n), v: newSample(m.Dim, n),
			av: newSample(m.Dim, used), hidden: newSample(m.Hidden(), used),
		})
	}
	return s
}

// observe takes in the results of one image.
func (s *Stats) observe(net *floatref.Network, tr *floatref.Trace) {
	m := s.model
	if s.swin != nil {
		s.observeSwin(net, tr)
		return
	}
	var res []float64
	for i, op := range net.Ops {
		out := tr.Ops[i]
		b := &blockStats{}
		if op.Block >= 0 {
			b = &s.blocks[op.Block]
		}
		switch op.Kind {
		case configs.OpPatches:
			s.patches.add(out[m.PrefixTokens()*m.PatchInner():])
		case configs.OpPatchEmbed, configs.OpLinearAdd, configs.OpEmbedNorm, configs.OpPoolStream:
			res = out
			if op.Kind == configs.OpPatchEmbed && m.PreNorm {
				s.embed.observe(out, tr.Pre[i], m)
				continue
			}
			s.residual = max(s.residual, largest(out), largest(tr.Pre[i]))
		case configs.OpLayerNorm:
			switch {
			case op.Block < 0:
				from, _ := m.NormRows()
				s.norm.observe(res[from*m.Dim:], out, m)
				for i, p := range s.prefix {
					p.add(out[i*m.Dim : (i+1)*m.Dim])
				}
			case net.Ops[i+1].Kind == configs.OpLinearGELU:
				b.norm2.observe(res, out[:s.used(op)*op.Cols], m)
			default:
				b.norm1.observe(res, out, m)
			}
		case configs.OpLinear:
			[]*sample{b.q, b.k, b.v}[i-s.firstLinear(net, i)].add(out)
		case configs.OpAttnValue:
			b.av.add(joinHeads(out, op)[:s.used(op)*m.Dim])
		case configs.OpLinearGELU:
			b.hidden.add(tr.Pre[i][:s.used(op)*op.Cols])
		case configs.OpPool:
			s.pool.add(out)
		case configs.OpHead, configs.OpHeadAdd: // both heads' logits, and their sum
			s.logit = max(s.logit, largest(out), largest(tr.Pre[i]))
		}
	}
}

// used is the number of an op's rows that reach the logits: behind the last block's
// attention only the tokens that heads read do, and statistics of the others would mislead.
func (s *Stats) used(op configs.Op) int {
	if op.Block == s.model.Depth-1 {
		return s.model.RowsRead()
	}
	return op.Rows
}

// firstLinear is the index of the q op of the block that op i belongs to.
func (s *Stats) firstLinear(net *floatref.Network, i int) int {
	for net.Ops[i-1].Kind == configs.OpLinear {
		i--
	}
	return i
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
func joinHeads(v []float64, op configs.Op) []float64 {
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
