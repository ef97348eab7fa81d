package measure

import (
	"context"
	"errors"
	"fmt"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/exec"
	"vitdse/golden/floatref"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

// Detail is a network's quality over a set of images, op by op.
type Detail struct {
	Result
	FloatTop1 float64  `json:"float_top1"` // share of correct labels of the float network; 0 without labels, as all four
	FloatTop5 float64  `json:"float_top5"`
	Top5      float64  `json:"top5"`
	Ops       []OpSQNR `json:"ops"`

	Reference *Reference `json:"float_reference,omitempty"` // nil where nothing came with the dataset
}

// OpSQNR is how far an op's result is from the float network's, all ops before it being
// integer too.
type OpSQNR struct {
	Name string     `json:"name"`
	SQNR float64    `json:"sqnr_db"`
	Op   network.Op `json:"-"`
}

// powers are the signal and noise of one image's ops.
type powers struct{ signal, noise []float64 }

// ImageSource gives images one by one: dataset.Images or dataset.Folder. It may be read by
// several goroutines.
type ImageSource interface {
	Count() int
	Read(i int) ([]uint8, error) // H x W pixels with interleaved channels
}

// Evaluation is what Examine measures.
type Evaluation struct {
	Model   configs.Model
	Weights *checkpoint.Weights
	Net     *intnet.Network
	Report  *quant.Report // how Net's integers are read
	Images  ImageSource
	Labels  []int // nil if there are none

	Workers  int
	Progress func(done, total int) // called from one goroutine at a time; may be nil
}

// Examine runs the float and the integer network over all images and compares every op.
// The result does not depend on the number of workers.
func (e Evaluation) Examine(ctx context.Context) (Detail, error) {
	if e.Labels != nil && len(e.Labels) != e.Images.Count() {
		return Detail{}, fmt.Errorf("measure: %d labels for %d images", len(e.Labels), e.Images.Count())
	}
	if e.Images.Count() == 0 {
		return Detail{}, errors.New("measure: there are no images")
	}
	float, err := floatref.New(e.Model, e.Weights)
	if err != nil {
		return Detail{}, err
	}
	classes := e.Model.Classes
	logits, codes := make([]float64, e.Images.Count()*classes), make([]int32, e.Images.Count()*classes)
	found := make([]powers, e.Images.Count())
	p, err := exec.Prepare(e.Net)
	if err != nil {
		return Detail{}, err
	}
	count := counter(0, e.Images.Count(), e.Progress)
	err = each(ctx, e.Images.Count(), 1, e.Workers, func() (func(i int) error, error) {
		run := p.Runner()
		var want floatref.Trace
		var got exec.Trace
		return func(i int) error {
			image, err := e.Images.Read(i)
			if err != nil {
				return err
			}
			l, err := float.Run(image, &want)
			if err != nil {
				return fmt.Errorf("image %d: %w", i, err)
			}
			copy(logits[i*classes:], l)
			c, err := run.Run(image, &got)
			copy(codes[i*classes:], c)
			found[i] = e.compare(float.Net, &want, &got)
			count(nil)
			return err
		}, nil
	})
	if err != nil {
		return Detail{}, err
	}
	return e.sum(float.Ops, logits, codes, found), nil
}

// compare adds up signal and noise of each op of one image.
func (e Evaluation) compare(net *network.Network, want *floatref.Trace, got *exec.Trace) powers {
	p := powers{make([]float64, len(net.Ops)), make([]float64, len(net.Ops))}
	for i, op := range net.Ops {
		read, ok := e.Report.Readings[op.Name]
		switch {
		case op.Kind == network.OpSoftmax:
			read.Scale = []float64{1}
		case !ok:
			continue
		}
		rows := net.Used(op)
		for r := 0; r < len(want.Ops[i]); r += op.Cols {
			if r/op.Cols%op.Rows >= rows {
				continue
			}
			real, codes := want.Ops[i][r:r+op.Cols], got.Ops[i][r:r+op.Cols]
			if op.Kind == network.OpSoftmax {
				read.Scale[0] = 1 / float64(max(1, total(codes)))
			}
			for c, v := range real {
				d := v - read.Real(codes[c], c)
				p.signal[i], p.noise[i] = p.signal[i]+v*v, p.noise[i]+d*d
			}
		}
	}
	return p
}

func total(codes []int32) int64 {
	sum := int64(0)
	for _, c := range codes {
		sum += int64(c)
	}
	return sum
}

// sum makes the result of all images.
func (e Evaluation) sum(ops []network.Op, logits []float64, codes []int32, found []powers) Detail {
	n := e.Model.Classes
	d := Detail{Result: Result{Images: e.Images.Count(), Noise: NoisePower(logits, codes, e.Net.LogitScale)}}
	d.SQNR = decibels(d.Noise)
	share := 1 / float64(e.Images.Count())
	for i := range e.Images.Count() {
		float, integer := logits[i*n:(i+1)*n], codes[i*n:(i+1)*n]
		if Class(float) == Class(integer) {
			d.Agree += share
		}
		if e.Labels == nil {
			continue
		}
		for _, hit := range []struct {
			rank, limit int
			sum         *float64
		}{{rank(integer, e.Labels[i]), 1, &d.Top1}, {rank(integer, e.Labels[i]), 5, &d.Top5},
			{rank(float, e.Labels[i]), 1, &d.FloatTop1}, {rank(float, e.Labels[i]), 5, &d.FloatTop5}} {
			if hit.rank < hit.limit {
				*hit.sum += share
			}
		}
	}
	for i, op := range ops {
		var signal, noise float64
		for _, p := range found {
			signal, noise = signal+p.signal[i], noise+p.noise[i]
		}
		if signal > 0 && noise > 0 {
			d.Ops = append(d.Ops, OpSQNR{op.Name, decibels(noise / signal), op})
		}
	}
	return d
}

// rank is the number of classes that are ahead of the label: larger, or equal and before
// it. It is the number of classes for a label that is none.
func rank[T int32 | float64](logits []T, label int) int {
	if label < 0 || label >= len(logits) {
		return len(logits)
	}
	n := 0
	for c, v := range logits {
		if v > logits[label] || v == logits[label] && c < label {
			n++
		}
	}
	return n
}
