// Package measure says how good an integer network is: top-1, logit SQNR, and how
// much noise each layer's bits add to the logits.
package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/exec"
	"vitdse/golden/floatref"
	"vitdse/golden/intnet"
)

// Result is a network's quality over a set of images.
type Result struct {
	Images int     `json:"images"`
	Top1   float64 `json:"top1"`    // share of correct labels, 0..1; 0 without labels
	Agree  float64 `json:"agree"`   // share of images whose class is the float network's
	SQNR   float64 `json:"sqnr_db"` // of the logits, against the float network
	Noise  float64 `json:"noise"`   // error power / logit power = 10^(-SQNR/10)
}

// SQNR is 10 log10(sum float^2 / sum (float - code*scale)^2) in dB.
func SQNR(logits []float64, codes []int32, scale float64) float64 {
	return decibels(NoisePower(logits, codes, scale))
}

// NoisePower is sum (float - code*scale)^2 / sum float^2.
func NoisePower(logits []float64, codes []int32, scale float64) float64 {
	var signal, noise float64
	for i, v := range logits {
		d := v - float64(codes[i])*scale
		signal += v * v
		noise += d * d
	}
	return noise / signal
}

func decibels(noise float64) float64 { return -10 * math.Log10(noise) }

// FloatLogits runs the float reference over all images: N x Classes, row-major.
func FloatLogits(ctx context.Context, m configs.Model, w *checkpoint.Weights, images *dataset.Images,
	workers int) ([]float64, error) {
	return FloatLogitsWith(ctx, m, w, images, workers, nil)
}

// FloatLogitsWith is FloatLogits with a function that hears of every image done; it may be nil.
func FloatLogitsWith(ctx context.Context, m configs.Model, w *checkpoint.Weights, images *dataset.Images,
	workers int, progress func(done, total int)) ([]float64, error) {
	net, err := floatref.New(m, w)
	if err != nil {
		return nil, err
	}
	logits := make([]float64, images.N*m.Classes)
	count := counter(0, images.N, progress)
	err = each(ctx, images.N, chunk, workers, func() (func(i int) error, error) {
		var tr floatref.Trace
		return func(i int) error {
			l, err := net.Run(images.At(i), &tr)
			copy(logits[i*m.Classes:], l)
			count(nil)
			return err
		}, nil
	})
	return logits, err
}

// Logits runs an integer network over all images: N x Classes codes, row-major.
func Logits(ctx context.Context, net *intnet.Network, images *dataset.Images, workers int) ([]int32, error) {
	p, err := exec.Prepare(net)
	if err != nil {
		return nil, err
	}
	classes := net.Model.Classes
	codes := make([]int32, images.N*classes)
	err = each(ctx, images.N, chunk, workers, func() (func(i int) error, error) {
		r := p.Runner()
		return func(i int) error {
			l, err := r.Run(images.At(i), nil)
			copy(codes[i*classes:], l)
			return err
		}, nil
	})
	return codes, err
}

// Evaluate compares an integer network with float logits of the same images. labels
// may be nil.
func Evaluate(ctx context.Context, net *intnet.Network, images *dataset.Images, labels []int, logits []float64,
	workers int) (Result, error) {
	codes, err := Logits(ctx, net, images, workers)
	if err != nil {
		return Result{}, err
	}
	n := net.Model.Classes
	if len(logits) != len(codes) || labels != nil && len(labels) != images.N {
		return Result{}, fmt.Errorf("%d images need %d logits and as many labels; have %d and %d",
			images.N, len(codes), len(logits), len(labels))
	}
	res := Result{Images: images.N, Noise: NoisePower(logits, codes, net.LogitScale)}
	res.SQNR = decibels(res.Noise)
	correct, agree := 0, 0
	for i := range images.N {
		class := Class(codes[i*n : (i+1)*n])
		if labels != nil && class == labels[i] {
			correct++
		}
		if class == Class(logits[i*n:(i+1)*n]) {
			agree++
		}
	}
	res.Top1, res.Agree = float64(correct)/float64(images.N), float64(agree)/float64(images.N)
	return res, nil
}

// Class is the index of the largest logit, the first of equals.
func Class[T int32 | float32 | float64](logits []T) int {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	return best
}

// chunk is the number of items a worker takes at a time.
const chunk = 8 // images

// each calls do for 0..n-1, a chunk at a time, on the given number of goroutines, each with its own do.
// It stops at the first error or when ctx ends; results do not depend on the number
// of workers, because every item writes its own place.
func each(ctx context.Context, n, chunk, workers int, newWorker func() (func(i int) error, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int, (n+chunk-1)/chunk)
	for i := 0; i < n; i += chunk {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range max(1, workers) {
		wg.Go(func() {
			do, err := newWorker()
			for from := range next {
				for i := from; i < min(from+chunk, n) && err == nil; i++ {
					err = errors.Join(ctx.Err(), do(i))
				}
				if err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// counter gives a function that workers call for each item done: it calls progress, and then
// what it is handed, from one goroutine at a time. progress and then may be nil.
func counter(done, total int, progress func(done, total int)) func(then func()) {
	var mu sync.Mutex
	return func(then func()) {
		mu.Lock()
		defer mu.Unlock()
		if done++; progress != nil {
			progress(done, total)
		}
		if then != nil {
			then()
		}
	}
}
