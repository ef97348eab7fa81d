package exec

import (
	"errors"
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
)

// validate checks what the fast arithmetic relies on.
func validate(net *intnet.Network) error {
	m := net.Model
	if len(net.Blocks) != m.BlockCount() {
		return fmt.Errorf("network has %d blocks; model %s has %d", len(net.Blocks), m.Name, m.BlockCount())
	}
	var errs []error
	check := func(l *intnet.Linear, in, out int) {
		switch {
		case l.In != in || l.Out != out || len(l.W) != in*out || len(l.Bias) != out || len(l.M) != out:
			errs = append(errs, fmt.Errorf("%s: is not a complete %d x %d layer", l.Name, out, in))
		case l.AccBits > 32:
			errs = append(errs, fmt.Errorf("%s: accumulator of %d bits; at most 32 are covered", l.Name, l.AccBits))
		}
		if err := validateGroups(l); err != nil {
			errs = append(errs, err)
		}
		for i, w := range l.W {
			if w == math.MinInt8 {
				errs = append(errs, fmt.Errorf("%s: weight %d is -128; codes are symmetric, -127..127", l.Name, i))
				return
			}
		}
	}
	if n := len(net.Exp.Table); n == 0 || n > kernel.MaxExp || net.Exp.Table[n-1] != 0 {
		errs = append(errs, fmt.Errorf("the table of softmax numerators has %d entries; expected 1..%d, of which the last is 0", n, kernel.MaxExp))
	}
	check(&net.PatchEmbed, m.PatchInner(), m.Dim)
	d := m.Dim
	for i := range net.Blocks {
		b := &net.Blocks[i]
		shape := m.BlockShape(i)
		d = shape.Dim
		errs = append(errs, validateWindows(b, shape))
		if b.Merge != nil {
			check(&b.Merge.Reduction, 2*d, d)
		}
		for _, l := range []*intnet.Linear{&b.Q, &b.K, &b.V, &b.Proj} {
			check(l, d, d)
		}
		check(&b.FC1, d, d*m.MLPRatio)
		check(&b.FC2, d*m.MLPRatio, d)
	}
	check(&net.Head, d, m.Classes)
	switch {
	case (net.HeadDist != nil) != (m.Family == configs.DeiTDistilled):
		errs = append(errs, fmt.Errorf("a second head is there or missing; family %s", m.Family))
	case net.HeadDist != nil:
		check(net.HeadDist, d, m.Classes)
	}
	if swin := m.Family == configs.Swin; swin != (net.Pool != nil) || swin != (net.PatchNorm != nil) {
		errs = append(errs, fmt.Errorf("pool and norm of the patch embedding are there or missing; family %s", m.Family))
	}
	return errors.Join(errs...)
}

// validateGroups checks the multipliers of a layer with groups.
func validateGroups(l *intnet.Linear) error {
	if l.Group == 0 && len(l.GroupM) == 0 {
		return nil
	}
	if l.Group < 1 || l.In%l.Group != 0 || len(l.GroupM) != l.Out*(l.In/l.Group) {
		return fmt.Errorf("%s: has %d multipliers for groups of %d; expected one for each of the %d x %d/%d", l.Name, len(l.GroupM), l.Group, l.Out, l.In, l.Group)
	}
	for i, m := range l.GroupM {
		if m < 1 || m > 16 {
			return fmt.Errorf("%s: multiplier %d is %d; expected 1..16", l.Name, i, m)
		}
	}
	return nil
}

// validateWindows checks what belongs to a block of Swin, and to no other.
func validateWindows(b *intnet.Block, s configs.BlockShape) error {
	n := s.WindowTokens()
	switch {
	case s.Window == 0 && (b.Attn.Bias != nil || b.Pad != nil || b.Merge != nil):
		return fmt.Errorf("%s: has a window's bias, padding or a patch merging; it has no windows", s.Name)
	case s.Window == 0:
		return nil
	case len(b.Attn.Bias) != s.Heads*n*n:
		return fmt.Errorf("%s.attn: has %d biases; expected %d", s.Name, len(b.Attn.Bias), s.Heads*n*n)
	case len(b.Pad) != s.Dim:
		return fmt.Errorf("%s: has %d codes of padding; expected %d", s.Name, len(b.Pad), s.Dim)
	case (b.Merge != nil) != s.Merges():
		return fmt.Errorf("%s: a patch merging is there or missing", s.Name)
	case b.Merge != nil && b.Merge.Norm.Channels != 2*s.Dim:
		return fmt.Errorf("%s.norm: has %d channels; expected %d", s.MergeName(), b.Merge.Norm.Channels, 2*s.Dim)
	}
	return nil
}
