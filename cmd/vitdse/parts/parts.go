// Package parts lists parts: what there is of each resource and what of it a design may plan with, and which engines
// they hold.
package parts

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
)

// Show lists parts as a table, as Markdown or as json; of one alone also the source of every figure.
func Show(o *table.Output, parts []configs.Part, format string) error {
	switch format {
	case "json":
		var list []partJSON
		for _, p := range parts {
			list = append(list, jsonOf(p))
		}
		text, err := json.MarshalIndent(list, "", "  ")
		if err != nil {
			return err
		}
		return o.Only(text)
	case "markdown":
		o.Printf("%s", Table(parts).Markdown())
		if len(parts) == 1 {
			o.Printf("\n%s\n\n%s", parts[0].Title, sources(parts[0]).Markdown())
		}
		return nil
	}
	if err := o.Show(Table(parts)); err != nil {
		return err
	}
	if len(parts) == 1 {
		o.Printf("\n%s\n", parts[0].Title)
		return o.Show(sources(parts[0]))
	}
	return nil
}

// Table is a row for each part.
func Table(parts []configs.Part) *table.Table {
	t := table.New("<part", "<model", "<LUT of", "LUT", "FF", "<multiplier", "DSP", "BRAM", "URAM", "LUTRAM",
		"memory GB/s", "clock MHz", "<title")
	for _, p := range parts {
		all, use := p.Budget, p.Usable()
		of := func(have, plan int) string {
			if have == 0 {
				return "-"
			}
			return number.Count(have) + " / " + number.Count(plan)
		}
		mul := "none"
		if all.DSP > 0 {
			mul = fmt.Sprintf("%s %dx%d / %d, %d", p.DSP.Kind, p.DSP.ABits, p.DSP.BBits, p.DSP.Int8MACs, p.DSP.Int4MACs)
		}
		t.Add(p.Name, modelBasis(p), fmt.Sprintf("%d inputs", p.LUTInputs), of(all.LUT, use.LUT), of(all.FF, use.FF), mul,
			of(all.DSP, use.DSP), of(all.BRAM18, use.BRAM18), of(all.URAM, use.URAM), of(all.LUTRAM, use.LUTRAM),
			fmt.Sprintf("%.1f", p.BandwidthGBs), fmt.Sprintf("%g", p.ClockMHz), p.Title)
	}
	return t
}

// modelBasis says what the resource model of the part's family rests on.
func modelBasis(p configs.Part) string {
	if b := p.Family.Basis(); b != p.Family {
		return fmt.Sprintf("%s, derived from %s", p.Family, b)
	}
	return fmt.Sprintf("%s, held against Yosys", p.Family)
}

func sources(p configs.Part) *table.Table {
	t := table.New("<figure", "<source")
	for _, key := range slices.Sorted(maps.Keys(p.Sources)) {
		t.Add(key, strings.TrimSpace(p.Sources[key]))
	}
	return t
}

// partJSON is a part as JSON, its keys those of a part file where that has them.
type partJSON struct {
	Name         string            `json:"name"`
	Title        string            `json:"title"`
	Device       string            `json:"device"`
	Family       configs.Fabric    `json:"family"`
	Model        configs.Fabric    `json:"model_basis"` // the family whose resource model it is priced with
	LUTInputs    int               `json:"lut_inputs"`
	Budget       budgetJSON        `json:"budget"`
	Usable       budgetJSON        `json:"may_plan_with"`
	DSP          dspJSON           `json:"dsp"`
	Block        []string          `json:"block"`
	Ultra        []string          `json:"ultra"`
	BandwidthGBs float64           `json:"bandwidth_gb_s"`
	ClockMHz     float64           `json:"clock_mhz"`
	IdleWatts    float64           `json:"idle_w"`
	Sources      map[string]string `json:"sources"`
}

type budgetJSON struct {
	LUT    int `json:"lut"`
	FF     int `json:"ff"`
	DSP    int `json:"dsp"`
	BRAM18 int `json:"bram18"`
	URAM   int `json:"uram"`
	LUTRAM int `json:"lutram"`
}

type dspJSON struct {
	Kind     configs.DSPKind `json:"kind"`
	ABits    int             `json:"a_bits"`
	BBits    int             `json:"b_bits"`
	Int8MACs int             `json:"int8_macs"`
	Int4MACs int             `json:"int4_macs"`
}

func jsonOf(p configs.Part) partJSON {
	shapes := func(list []configs.Geometry) []string {
		out := []string{}
		for _, g := range list {
			out = append(out, g.String())
		}
		return out
	}
	return partJSON{p.Name, p.Title, p.Device, p.Family, p.Family.Basis(), p.LUTInputs,
		budgetJSON(p.Budget), budgetJSON(p.Usable()), dspJSON(p.DSP), shapes(p.Memory.Block), shapes(p.Memory.Ultra),
		p.BandwidthGBs, p.ClockMHz, p.IdleWatts, p.Sources}
}
