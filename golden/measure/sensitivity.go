package measure

import (
	"context"
	"errors"
	"slices"
	"sync"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/exec"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

// Sweep says what Sensitivity measures and how.
type Sweep struct {
	Bits          []int                 // of weights and activations; nil is 2..8
	Granularities []configs.Granularity // of weights; nil is per channel and per layer
	Group         int                   // weights that share a multiplier where they are in groups
	Workers       int                   // goroutines
	Float         []float64             // the float network's logits of the images; nil has them computed

	// Run measures entries of the table, which are numbered in its order, and hands the Total of each to take, from
	// one goroutine at a time: by calling of, which several goroutines may, or from what an interrupted measurement
	// has kept. Without it all are measured.
	Run func(ctx context.Context, list []int, of func(context.Context, int) (float64, error),
		take func(int, float64) error) error
}

// Sensitivity measures every layer of a network at every number of bits. The
// reference is usually configs.Uniform(m, 8, 8). The result does not depend on the
// number of workers.
func Sensitivity(ctx context.Context, m configs.Model, reference configs.Numerics, w *checkpoint.Weights,
	stats *quant.Stats, images *dataset.Images, sweep Sweep) (*Table, error) {
	of, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	logits := sweep.Float
	if logits == nil {
		if logits, err = FloatLogits(ctx, m, w, images, sweep.Workers); err != nil {
			return nil, err
		}
	}
	net, err := quant.Quantize(m, reference, w, stats)
	if err != nil {
		return nil, err
	}
	codes, err := Logits(ctx, net, images, sweep.Workers)
	if err != nil {
		return nil, err
	}
	t := &Table{Model: m.Name, Images: images.N, Reference: reference, Group: sweep.Group,
		ReferenceNoise: NoisePower(logits, codes, net.LogitScale), Entries: entries(of, reference, sweep)}
	program, err := exec.Prepare(net)
	if err != nil {
		return nil, err
	}
	s := &sensitivity{net: of, weights: w, stats: stats, images: images, logits: logits, reference: program, base: net}
	if err := s.measure(ctx, t, sweep); err != nil {
		return nil, err
	}
	t.settle()
	return t, nil
}

// Count is the number of entries that Sensitivity measures.
func (s Sweep) Count(m configs.Model, reference configs.Numerics) (int, error) {
	net, err := network.Compile(m)
	if err != nil {
		return 0, err
	}
	return len(entries(net, reference, s)), nil
}

// entries lists what is to be measured; the reference itself has no noise and is left out.
func entries(net *network.Network, ref configs.Numerics, sweep Sweep) []Entry {
	if sweep.Bits == nil {
		sweep.Bits = []int{2, 3, 4, 5, 6, 7, 8}
	}
	if sweep.Granularities == nil {
		sweep.Granularities = []configs.Granularity{configs.PerChannel, configs.PerLayer}
	}
	var list []Entry
	for _, of := range net.Layers {
		layer := of.Name
		l, _ := ref.Layer(layer)
		for _, bits := range sweep.Bits {
			if bits != l.Activations {
				list = append(list, Entry{Source: Activations, Layer: layer, Bits: bits})
			}
			for _, g := range sweep.Granularities {
				if of.Weights && sweep.covers(of, g) && (bits != l.Weights || g != l.Granularity) {
					list = append(list, Entry{Source: Weights, Layer: layer, Bits: bits, Granularity: g})
				}
			}
		}
	}
	for bits := 2; bits <= 8; bits++ {
		if bits != ref.SoftmaxBits {
			list = append(list, Entry{Source: Softmax, Bits: bits})
		}
	}
	for bits := 4; bits <= 10; bits++ {
		if bits != ref.GELUBits {
			list = append(list, Entry{Source: GELU, Bits: bits})
		}
	}
	return list
}

// covers tells whether a layer's weights can have a granularity: the first and the last
// layer are never in groups, nor are those that the group's size does not divide.
func (s Sweep) covers(of network.Layer, g configs.Granularity) bool {
	return g != configs.PerGroup || !of.Edge && s.Group > 0 && of.Inner%s.Group == 0
}

// apply returns the reference with the entry's source changed; group is the size of groups.
func (e Entry) apply(ref configs.Numerics, group int) configs.Numerics {
	n := ref
	n.Layers = slices.Clone(ref.Layers)
	switch e.Source {
	case Softmax:
		n.SoftmaxBits = e.Bits
	case GELU:
		n.GELUBits = e.Bits
	}
	for i := range n.Layers {
		l := &n.Layers[i]
		switch {
		case l.Name != e.Layer:
		case e.Source == Weights:
			l.Weights, l.Granularity, l.Group = e.Bits, e.Granularity, groupOf(e.Granularity, group)
		default:
			l.Activations = e.Bits
		}
	}
	return n
}

// groupOf is the size that a layer states: only layers in groups have one.
func groupOf(g configs.Granularity, size int) int {
	if g == configs.PerGroup {
		return size
	}
	return 0
}

// first is the block in which the entry's change is felt first: -1 for the patch
// embedding, the number of blocks for the head.
func (e Entry) first(net *network.Network) int {
	switch l, known := net.Layer(e.Layer); {
	case !known:
		return 0
	case l.Role == network.EmbedLayer:
		return -1
	case l.Role == network.HeadLayer:
		return len(net.Blocks)
	default:
		return l.Block
	}
}

// sensitivity is one measurement: the float logits, the reference network, and its
// residual streams in front of the block that is being measured.
type sensitivity struct {
	net       *network.Network
	weights   *checkpoint.Weights
	stats     *quant.Stats
	images    *dataset.Images
	logits    []float64
	reference *exec.Program
	base      *intnet.Network // of the reference
	streams   [][]int32
}

// measure fills in the entries, block by block, so that what lies before a changed
// block is computed once.
func (s *sensitivity) measure(ctx context.Context, t *Table, sweep Sweep) error {
	run := sweep.Run
	if run == nil {
		run = func(ctx context.Context, list []int, of func(context.Context, int) (float64, error),
			take func(int, float64) error) error {
			var mu sync.Mutex
			return each(ctx, len(list), 1, sweep.Workers, func() (func(i int) error, error) {
				return func(i int) error {
					total, err := of(ctx, list[i])
					mu.Lock()
					defer mu.Unlock()
					return errors.Join(err, take(list[i], total))
				}, nil
			})
		}
	}
	for block := -1; block <= len(s.net.Blocks); block++ {
		if err := s.advance(ctx, block, sweep.Workers); err != nil {
			return err
		}
		var list []int
		for i, e := range t.Entries {
			if e.first(s.net) == block {
				list = append(list, i)
			}
		}
		of := func(ctx context.Context, i int) (float64, error) { return s.run(ctx, t.Entries[i], t, block) }
		take := func(i int, total float64) error { t.Entries[i].Total = total; return nil }
		if err := run(ctx, list, of, take); err != nil {
			return err
		}
	}
	return nil
}

// advance moves the reference's residual streams to the front of a block.
func (s *sensitivity) advance(ctx context.Context, block, workers int) error {
	if block < 0 {
		s.streams = make([][]int32, s.images.N)
		return nil
	}
	return each(ctx, s.images.N, chunk, workers, func() (func(i int) error, error) {
		r := s.reference.Runner()
		return func(i int) error {
			var err error
			if block == 0 {
				s.streams[i], err = r.Stream(s.images.At(i))
				return err
			}
			return r.Advance(s.streams[i], block-1, block)
		}, nil
	})
}

// changed is the network with an entry's change. Where that is in one block, all others are the reference's.
func (s *sensitivity) changed(e Entry, n configs.Numerics) (*intnet.Network, *exec.Program, error) {
	if l, known := s.net.Layer(e.Layer); known && l.Block != network.None &&
		n.Quantizer.Inputs != configs.SequentialInputs {
		net, err := quant.Rebuild(s.base, n, l.Block, s.weights, s.stats)
		if err != nil {
			return nil, nil, err
		}
		p, err := s.reference.Rebuilt(net, l.Block)
		return net, p, err
	}
	net, err := quant.Quantize(s.net.Model, n, s.weights, s.stats)
	if err != nil {
		return nil, nil, err
	}
	p, err := exec.Prepare(net)
	return net, p, err
}

// run measures one entry's Total over all images.
func (s *sensitivity) run(ctx context.Context, e Entry, t *Table, block int) (float64, error) {
	net, program, err := s.changed(e, e.apply(t.Reference, t.Group))
	if err != nil {
		return 0, err
	}
	r := program.Runner()
	codes := make([]int32, 0, len(s.logits))
	for i := range s.images.N {
		var l []int32
		if block < 0 {
			l, err = r.Run(s.images.At(i), nil)
		} else {
			l, err = r.Resume(s.streams[i], block)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return 0, err
		}
		codes = append(codes, l...)
	}
	return NoisePower(s.logits, codes, net.LogitScale), nil
}
