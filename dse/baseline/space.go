package baseline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"time"

	"vitdse/configs"
	"vitdse/dse/space"
	"vitdse/emit/child"
)

// illegal is the violation of genes that no design has: more than any budget is exceeded by,
// so that a search first finds designs and then those that fit.
const illegal = 1e6

// Space is a design space on a part with the model's own costs.
type Space struct{ *space.Problem }

// Lens implements Problem.
func (s Space) Lens() []int { return lens(s.Problem) }

func lens(p *space.Problem) []int {
	var n []int
	for _, axis := range p.Genes() {
		n = append(n, axis.Len)
	}
	return n
}

// Evaluate implements Problem.
func (s Space) Evaluate(_ context.Context, genes []int) ([]float64, float64, error) {
	d, err := s.Decode(genes)
	if err != nil {
		return nil, illegal, nil // genes of one axis are legal, their combination need not be
	}
	e, err := s.Problem.Evaluate(d)
	if err != nil {
		return nil, 0, err
	}
	return e.Costs, e.Violation, nil
}

// Command is a design space whose costs a program of the user's gives: it reads a design
// point as YAML and prints one JSON object with a number for each objective, the less the
// better, and if it likes "violation", more than 0 for a point that may not be used.
type Command struct {
	*space.Problem
	Argv       []string
	Objectives []string
	Timeout    time.Duration // of one point
}

// Lens implements Problem.
func (c Command) Lens() []int { return lens(c.Problem) }

// Evaluate implements Problem.
func (c Command) Evaluate(ctx context.Context, genes []int) ([]float64, float64, error) {
	d, err := c.Decode(genes)
	if err != nil {
		return nil, illegal, nil
	}
	values, err := c.run(ctx, d)
	if err != nil {
		return nil, 0, fmt.Errorf("objective command %s, point %v: %w", c.Argv[0], genes, err)
	}
	costs := make([]float64, len(c.Objectives))
	for i, name := range c.Objectives {
		v, ok := values[name]
		if !ok {
			return nil, 0, fmt.Errorf("objective command %s, point %v: printed no %q; expected a JSON object with %s",
				c.Argv[0], genes, name, strings.Join(c.Objectives, ", "))
		}
		costs[i] = v
	}
	return costs, math.Max(0, values["violation"]), nil
}

func (c Command) run(ctx context.Context, d configs.Design) (map[string]float64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("took longer than %s", c.Timeout))
	defer cancel()
	var out []byte
	said, err := child.Command{Args: c.Argv, Stdin: bytes.NewReader(configs.MarshalDesign(d)),
		Line: func(line []byte) error {
			out = append(append(out, line...), '\n')
			return nil
		}}.Run(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said))
	}
	if err != nil {
		return nil, err
	}
	var values map[string]float64
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("printed %.100q: %w; expected a JSON object of numbers", bytes.TrimSpace(out), err)
	}
	return values, nil
}
