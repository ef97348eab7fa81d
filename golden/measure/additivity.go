package measure

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/quant"
)

// Additivity says how far the sum of each source's noise is from the noise of networks in
// which every layer has its own bits.
type Additivity struct {
	Images    int
	Pairs     [][2]float64 // predicted and measured logit SQNR in dB, one for each assignment
	Spearman  float64      // rank correlation of the two
	MeanAbsDB float64      // of predicted - measured
	MaxAbsDB  float64
	BiasDB    float64 // mean of predicted - measured
}

// Mixed draws an assignment: a lowest and a highest number of bits, then every layer's
// weights, activations and granularity of those that the table has, between the two.
func (t *Table) Mixed(rng *rand.Rand) configs.Numerics {
	n := t.Reference
	n.Layers = slices.Clone(n.Layers)
	low := t.bits()
	low = low[rng.IntN(len(low)):]
	choices := low[:1+rng.IntN(len(low))]
	for i := range n.Layers {
		l := &n.Layers[i]
		var weights, activations []Entry
		for _, e := range t.Entries {
			switch {
			case e.Layer != l.Name || !slices.Contains(choices, e.Bits):
			case e.Source == Weights:
				weights = append(weights, e)
			case e.Source == Activations:
				activations = append(activations, e)
			}
		}
		if len(activations) > 0 {
			l.Activations = activations[rng.IntN(len(activations))].Bits
		}
		if len(weights) > 0 {
			e := weights[rng.IntN(len(weights))]
			l.Weights, l.Granularity, l.Group = e.Bits, e.Granularity, groupOf(e.Granularity, t.Group)
		}
	}
	return n
}

// bits lists the bits of weights and activations that the table has, ascending.
func (t *Table) bits() []int {
	var list []int
	for _, e := range t.Entries {
		if e.Layer != "" && !slices.Contains(list, e.Bits) {
			list = append(list, e.Bits)
		}
	}
	slices.Sort(list)
	return list
}

// Check measures a number of random assignments beside the table's prediction for them.
// The result does not depend on the number of workers.
func (t *Table) Check(ctx context.Context, m configs.Model, w *checkpoint.Weights, stats *quant.Stats,
	images *dataset.Images,
	assignments int, seed uint64, workers int, progress func(done, total int)) (*Additivity, error) {
	logits, err := FloatLogits(ctx, m, w, images, workers)
	if err != nil {
		return nil, err
	}
	a := &Additivity{Images: images.N, Pairs: make([][2]float64, assignments)}
	rng := rand.New(rand.NewPCG(seed, 0))
	list := make([]configs.Numerics, assignments)
	for i := range list {
		list[i] = t.Mixed(rng)
	}
	count := counter(0, assignments, progress)
	err = each(ctx, assignments, 1, workers, func() (func(i int) error, error) {
		return func(i int) error {
			predicted, err := t.Predict(list[i])
			if err != nil {
				return err
			}
			net, err := quant.Quantize(m, list[i], w, stats)
			if err != nil {
				return err
			}
			codes, err := Logits(ctx, net, images, 1)
			if err != nil {
				return err
			}
			a.Pairs[i] = [2]float64{decibels(predicted), SQNR(logits, codes, net.LogitScale)}
			count(nil)
			return nil
		}, nil
	})
	if err != nil {
		return nil, err
	}
	a.settle()
	return a, nil
}

// settle derives the figures from the pairs.
func (a *Additivity) settle() {
	columns := [2][]float64{}
	for _, p := range a.Pairs {
		d := p[0] - p[1]
		a.MeanAbsDB += math.Abs(d) / float64(len(a.Pairs))
		a.BiasDB += d / float64(len(a.Pairs))
		a.MaxAbsDB = max(a.MaxAbsDB, math.Abs(d))
		columns[0], columns[1] = append(columns[0], p[0]), append(columns[1], p[1])
	}
	a.Spearman = stat.Correlation(ranks(columns[0]), ranks(columns[1]), nil)
}

// ranks gives every value its place in ascending order, equal values the mean of theirs.
func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	r := make([]float64, len(v))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && v[order[to]] == v[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			r[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return r
}
