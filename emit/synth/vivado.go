package synth

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vitdse/hwmodel"
)

// vivadoColumns are the columns of `report_utilization -hierarchical` that are read, under
// the names that Vivado's versions give them. URAM is missing on parts without any.
var vivadoColumns = map[string][]string{
	"instance": {"Instance"},
	"module":   {"Module"},
	"lut":      {"Total LUTs"},
	"lutram":   {"LUTRAMs"},
	"srl":      {"SRLs"},
	"ff":       {"FFs"},
	"bram36":   {"RAMB36"},
	"bram18":   {"RAMB18"},
	"uram":     {"URAM"},
	"dsp":      {"DSP Blocks", "DSP48 Blocks", "DSPs"},
}

// uniquified is what Vivado appends to the name of a module of which there are several.
var uniquified = regexp.MustCompile(`(__(parameterized|xdcDup__)\d+|_\d+)+$`)

// vivadoRow is a row of the table.
type vivadoRow struct {
	line, depth      int
	instance, module string
	local            bool // what is in none of the instances inside
	hwmodel.Resources
}

// ParseVivado reads the text of Vivado's `report_utilization -hierarchical` and gives every
// module below top what is its own, all its instances together, in the order of their names.
// An instance's numbers count what is inside it too; what is its own is in a row with its
// name in parentheses. The difference would not do: LUTs that two levels share are counted
// in both.
func ParseVivado(data []byte, top string) ([]Module, error) {
	rows, err := vivadoRows(string(data))
	if err != nil {
		return nil, err
	}
	first := slices.IndexFunc(rows, func(r vivadoRow) bool { return r.module == top })
	if first < 0 {
		return nil, fmt.Errorf("vivado report: there is no module %s", top)
	}
	found := map[string]*Module{}
	for i := first; i < len(rows) && (i == first || rows[i].depth > rows[first].depth); i++ {
		if rows[i].local {
			continue // read with its instance
		}
		own := rows[i].Resources
		if i+1 < len(rows) && rows[i+1].depth > rows[i].depth {
			if own = rows[i+1].Resources; !rows[i+1].local {
				return nil, fmt.Errorf("vivado report: line %d: %s has instances inside but no row (%s) of its own; "+
					"report the whole hierarchy", rows[i].line, rows[i].module, rows[i].instance)
			}
		}
		m := found[rows[i].module]
		if m == nil {
			m = &Module{Name: rows[i].module}
			found[m.Name] = m
		}
		m.Instances++
		m.Counted = m.Counted.Add(own)
	}
	out := make([]Module, 0, len(found))
	for _, m := range found {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Module) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func vivadoRows(text string) ([]vivadoRow, error) {
	var column map[string]int
	var rows []vivadoRow
	for n, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "|") {
			if len(rows) > 0 && strings.TrimSpace(line) == "" {
				break // the table has ended
			}
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if column == nil {
			column = vivadoHeader(cells)
			continue
		}
		row, err := vivadoCells(column, cells)
		if err != nil {
			return nil, fmt.Errorf("vivado report: line %d: %w", n+1, err)
		}
		row.line = n + 1
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("vivado report: no table with the columns Instance, Module, Total LUTs, FFs; " +
			"expected the text of report_utilization -hierarchical")
	}
	return rows, nil
}

// vivadoHeader finds the columns, or is nil if this is not the table's head.
func vivadoHeader(cells []string) map[string]int {
	at := map[string]int{}
	for i, c := range cells {
		for key, names := range vivadoColumns {
			if slices.Contains(names, strings.TrimSpace(c)) {
				at[key] = i
			}
		}
	}
	for _, key := range []string{"instance", "module", "lut", "ff"} {
		if _, ok := at[key]; !ok {
			return nil
		}
	}
	return at
}

// vivadoCells reads a row.
func vivadoCells(column map[string]int, cells []string) (row vivadoRow, err error) {
	number := func(key string) int {
		i, ok := column[key]
		if !ok || err != nil {
			return 0
		}
		if i >= len(cells) {
			err = fmt.Errorf("%d cells; expected at least %d", len(cells), i+1)
			return 0
		}
		word, _, _ := strings.Cut(strings.TrimSpace(cells[i]), "(") // a share may follow
		v, bad := strconv.Atoi(strings.TrimSpace(word))
		if bad != nil || v < 0 {
			err = fmt.Errorf("%q is not a count", strings.TrimSpace(cells[i]))
		}
		return v
	}
	row.LUT, row.FF, row.DSP, row.URAM = number("lut"), number("ff"), number("dsp"), number("uram")
	row.BRAM18 = 2*number("bram36") + number("bram18")
	row.LUTRAM = number("lutram") + number("srl")
	if err != nil {
		return row, err
	}
	instance := strings.TrimRight(cells[column["instance"]], " ")
	row.instance = strings.TrimLeft(instance, " ")
	row.depth = (len(instance) - len(row.instance)) / 2
	row.local = strings.HasPrefix(row.instance, "(")
	row.module = uniquified.ReplaceAllString(strings.TrimSpace(cells[column["module"]]), "")
	if row.module == "(top)" {
		row.module = row.instance
	}
	return row, nil
}
