package fronts

import (
	"fmt"
	"math/big"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// Space says which candidates each axis of a space has for a model, and how many points that is, of each part and in
// all. Choices that blocks repeat are one row.
func Space(o *table.Output, engine hwmodel.Clocked, m configs.Model, s configs.Space, parts []configs.Part) error {
	axes := s.Axes(m)
	o.Printf("space %s for model %s: %d axes\n", s.Name, m.Name, len(axes))
	t := table.New("<axis", "times", "candidates", "<values")
	for i := 0; i < len(axes); {
		if period := repeats(axes, i); period.times > 1 {
			for k := range period.length {
				x := axes[i+k]
				name := strings.Replace(x.Name, "blocks.0", fmt.Sprintf("blocks.0-%d", period.times-1), 1)
				t.Add(name, fmt.Sprint(period.times), fmt.Sprint(x.Len), strings.Join(x.Values, " "))
			}
			i += period.length * period.times
			continue
		}
		t.Add(axes[i].Name, "1", fmt.Sprint(axes[i].Len), strings.Join(axes[i].Values, " "))
		i++
	}
	if err := o.Show(t); err != nil {
		return err
	}
	total := new(big.Int)
	for _, p := range parts {
		g, err := space.On(engine, s, m, p)
		if err != nil {
			return err
		}
		total.Add(total, g.Size())
		o.Printf("%s: %s points, %s of them legal\n", p.Name, number.Exact(g.Size()), number.Exact(g.Legal()))
	}
	o.Printf("together %s points, about 10^%d\n", number.Exact(total), len(total.String())-1)
	return nil
}

// period is a run of axes that the following blocks repeat.
type period struct{ length, times int }

// repeats finds how often the axes of the first block from i on are repeated by the blocks
// behind it.
func repeats(axes []configs.Axis, i int) period {
	rest := func(name string, block int) string {
		r, ok := strings.CutPrefix(name, fmt.Sprintf("blocks.%d.", block))
		if !ok {
			return ""
		}
		return r
	}
	p := period{times: 1}
	for i+p.length < len(axes) && rest(axes[i+p.length].Name, 0) != "" {
		p.length++
	}
	if p.length == 0 {
		return p
	}
	for {
		for k := range p.length {
			at := i + p.times*p.length + k
			if at >= len(axes) || rest(axes[at].Name, p.times) != rest(axes[i+k].Name, 0) || axes[at].Len != axes[i+k].Len {
				return p
			}
		}
		p.times++
	}
}
