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
	x, err := NewExamination(e)
	if err != nil {
		return Detail{}, err
	}
	parts := make([]Part, x.Parts())
	count := counter(0, e.Images.Count(), e.Progress)
	err = each(ctx, len(parts), 1, e.Workers, func() (func(i int) error, error) {
		one := x.worker(func() { count(nil) })
		return func(i int) (err error) {
			parts[i], err = one(ctx, i)
			return err
		}, nil
	})
	if err != nil {
		return Detail{}, err
	}
	return x.Sum(parts), nil
}

// partImages is how many images are added up to a part, whoever does it: so sums are the same.
const partImages = 8

// Part is what some images say, as sums.
type Part struct {
	Images int `json:"images"`

	Agree     int `json:"agree"` // images of the same class; the others are hits among the first or first five
	Top1      int `json:"top1"`
	Top5      int `json:"top5"`
	FloatTop1 int `json:"float_top1"`
	FloatTop5 int `json:"float_top5"`

	Signal   float64   `json:"signal"` // power of the float logits
	Noise    float64   `json:"noise"`  // and of the error
	OpSignal []float64 `json:"op_signal"`
	OpNoise  []float64 `json:"op_noise"`
}

// Examination is an evaluation whose images are run in numbered parts, by several goroutines or processes.
type Examination struct {
	e     Evaluation
	float *floatref.Network
	code  *exec.Program
}

// NewExamination prepares both networks.
func NewExamination(e Evaluation) (*Examination, error) {
	if e.Labels != nil && len(e.Labels) != e.Images.Count() {
		return nil, fmt.Errorf("%d labels for %d images", len(e.Labels), e.Images.Count())
	}
	if e.Images.Count() == 0 {
		return nil, errors.New("there are no images")
	}
	weights := e.Weights
	if e.Report != nil && e.Report.Weights != nil { // what the integer ops stand for
		weights = e.Report.Weights
	}
	float, err := floatref.New(e.Model, weights)
	if err != nil {
		return nil, err
	}
	code, err := exec.Prepare(e.Net)
	return &Examination{e, float, code}, err
}

// Parts is how many there are.
func (x *Examination) Parts() int { return (x.e.Images.Count() + partImages - 1) / partImages }

// PartImages is how many images a part has; the last may have fewer.
func (x *Examination) PartImages() int { return partImages }

// Worker gives what runs a part, for one goroutine.
func (x *Examination) Worker() func(ctx context.Context, part int) (Part, error) {
	return x.worker(func() {})
}

func (x *Examination) worker(done func()) func(ctx context.Context, part int) (Part, error) {
	run := x.code.Runner()
	var want floatref.Trace
	var got exec.Trace
	return func(ctx context.Context, part int) (Part, error) {
		ops := len(x.float.Net.Ops)
		p := Part{OpSignal: make([]float64, ops), OpNoise: make([]float64, ops)}
		for i := part * partImages; i < min((part+1)*partImages, x.e.Images.Count()); i++ {
			if err := ctx.Err(); err != nil {
				return p, err
			}
			image, err := x.e.Images.Read(i)
			if err != nil {
				return p, err
			}
			logits, err := x.float.Run(image, &want)
			if err != nil {
				return p, fmt.Errorf("image %d: %w", i, err)
			}
			codes, err := run.Run(image, &got)
			if err != nil {
				return p, err
			}
			x.add(&p, i, logits, codes)
			of := x.e.compare(x.float.Net, &want, &got)
			for k := range ops {
				p.OpSignal[k], p.OpNoise[k] = p.OpSignal[k]+of.signal[k], p.OpNoise[k]+of.noise[k]
			}
			done()
		}
		return p, nil
	}
}

// add counts the logits of an image.
func (x *Examination) add(p *Part, image int, float []float64, integer []int32) {
	p.Images++
	for c, v := range float {
		d := v - float64(integer[c])*x.e.Net.LogitScale
		p.Signal, p.Noise = p.Signal+v*v, p.Noise+d*d
	}
	if Class(float) == Class(integer) {
		p.Agree++
	}
	if x.e.Labels == nil {
		return
	}
	label := x.e.Labels[image]
	for _, hit := range []struct {
		rank, limit int
		sum         *int
	}{{rank(integer, label), 1, &p.Top1}, {rank(integer, label), 5, &p.Top5}, {rank(float, label), 1, &p.FloatTop1},
		{rank(float, label), 5, &p.FloatTop5}} {
		if hit.rank < hit.limit {
			*hit.sum++
		}
	}
}

// Sum is the quality over all parts, which are in order.
func (x *Examination) Sum(parts []Part) Detail {
	var s Part
	ops := x.float.Ops
	s.OpSignal, s.OpNoise = make([]float64, len(ops)), make([]float64, len(ops))
	for _, p := range parts {
		s.Images, s.Agree, s.Top1, s.Top5 = s.Images+p.Images, s.Agree+p.Agree, s.Top1+p.Top1, s.Top5+p.Top5
		s.FloatTop1, s.FloatTop5 = s.FloatTop1+p.FloatTop1, s.FloatTop5+p.FloatTop5
		s.Signal, s.Noise = s.Signal+p.Signal, s.Noise+p.Noise
		for k := range ops {
			s.OpSignal[k], s.OpNoise[k] = s.OpSignal[k]+p.OpSignal[k], s.OpNoise[k]+p.OpNoise[k]
		}
	}
	share := func(n int) float64 { return float64(n) / float64(s.Images) }
	d := Detail{Result: Result{Images: s.Images, Noise: s.Noise / s.Signal, Agree: share(s.Agree), Top1: share(s.Top1)},
		FloatTop1: share(s.FloatTop1), FloatTop5: share(s.FloatTop5), Top5: share(s.Top5)}
	d.SQNR = decibels(d.Noise)
	for i, op := range ops {
		if s.OpSignal[i] > 0 && s.OpNoise[i] > 0 {
			d.Ops = append(d.Ops, OpSQNR{op.Name, decibels(s.OpNoise[i] / s.OpSignal[i]), op})
		}
	}
	return d
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
