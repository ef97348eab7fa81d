package measure

import (
	"context"
	"errors"
	"fmt"

	"vitdse/golden/exec"
)

// Counts is how often an integer network is right: all that can be said of one without float weights.
type Counts struct {
	Images int     `json:"images"`
	Top1   float64 `json:"top1"` // share of correct labels, 0..1; 0 without labels, as Top5
	Top5   float64 `json:"top5"`
}

// Count runs the integer network alone over all images.
func (e Evaluation) Count(ctx context.Context) (Counts, error) {
	n := e.Images.Count()
	if n == 0 {
		return Counts{}, errors.New("there are no images")
	}
	if e.Labels != nil && len(e.Labels) != n {
		return Counts{}, fmt.Errorf("%d labels for %d images", len(e.Labels), n)
	}
	p, err := exec.Prepare(e.Net)
	if err != nil {
		return Counts{}, err
	}
	ranks := make([]int, n)
	count := counter(0, n, e.Progress)
	err = each(ctx, n, 1, e.Workers, func() (func(i int) error, error) {
		run := p.Runner()
		return func(i int) error {
			image, err := e.Images.Read(i)
			if err != nil {
				return err
			}
			logits, err := run.Run(image, nil)
			if err == nil && e.Labels != nil {
				ranks[i] = rank(logits, e.Labels[i])
			}
			count(nil)
			return err
		}, nil
	})
	c := Counts{Images: n}
	if e.Labels == nil {
		return c, err
	}
	within := func(limit int) float64 {
		hits := 0
		for _, r := range ranks {
			if r < limit {
				hits++
			}
		}
		return float64(hits) / float64(n)
	}
	c.Top1, c.Top5 = within(1), within(5)
	return c, err
}
