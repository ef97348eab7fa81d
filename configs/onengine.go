package configs

import (
	"fmt"
	"slices"
	"strings"

	"vitdse/configs/network"
)

// OnEngine says why the emitted engine does not run a network, nil if it does: which variants it has that the engine
// lacks a unit for.
func OnEngine(net *network.Network) error {
	var what, lacks []string
	lack := func(missing bool, variant, unit string) {
		if missing && !slices.Contains(lacks, unit) {
			what, lacks = append(what, variant), append(lacks, unit)
		}
	}
	family := "family " + string(net.Model.Family)
	for _, op := range net.Ops {
		lack(op.Gather != nil && op.Join == 1, family, "window addressing")
		lack(op.Relative, family, "relative position bias")
		lack(op.Regions != nil, family, "masks")
		lack(op.Kind == network.OpMerge, family, "patch merging")
	}
	lack(len(net.Stages) > 1, family, "stages of several widths")
	lack(!net.Positions, family, "a patch embedding without positions")
	if what == nil {
		return nil
	}
	if slices.Contains(what, family) {
		what = []string{family}
	}
	return fmt.Errorf("model %s: the engine does not run %s: it lacks %s; the golden model runs it, vit and deit can be emitted",
		net.Model.Name, strings.Join(what, " and "), strings.Join(lacks, ", "))
}
