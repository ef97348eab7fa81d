package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit/engines"
	"vitdse/hwmodel"
)

// traceEvent is an event of the Trace Event Format, which Perfetto and Chrome open: a slice ("X") of
// a thread, or the name of a process or thread ("M"). Times are in microseconds.
type traceEvent struct {
	Name  string         `json:"name"`
	Phase string         `json:"ph"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	At    json.Number    `json:"ts,omitempty"`
	Took  json.Number    `json:"dur,omitempty"`
	Args  map[string]any `json:"args,omitempty"`
}

// WriteTrace writes what every unit of a design does when, for so many images, as a trace that
// Perfetto opens. A cycle is a nanosecond there, so that it can be zoomed to; the process's name says
// so and gives the clock. Units whose next span may begin before the last has ended have a second
// row.
func WriteTrace(w io.Writer, m configs.Model, d configs.Design, images int) error {
	net, err := network.Compile(m)
	if err != nil {
		return err
	}
	s, err := engines.Default().Machine(net, d)
	if err != nil {
		return err
	}
	ops := net.Ops
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")
	events := 0
	enter := func(e traceEvent) {
		text, mistake := json.Marshal(e)
		if mistake != nil {
			err = mistake
			return
		}
		if events++; events > 1 {
			out.WriteString(",\n")
		}
		out.Write(text)
	}
	name := fmt.Sprintf("%s on %s, %g MHz; 1 ns here is 1 cycle", d.Name, d.Part, d.ClockMHz)
	enter(traceEvent{Name: "process_name", Phase: "M", PID: 1, Args: map[string]any{"name": name}})
	for u, unit := range s.Units() {
		for row, suffix := range []string{"", " (next)"} {
			enter(traceEvent{Name: "thread_name", Phase: "M", PID: 1, TID: 2*u + row + 1,
				Args: map[string]any{"name": unit + suffix}})
			enter(traceEvent{Name: "thread_sort_index", Phase: "M", PID: 1, TID: 2*u + row + 1,
				Args: map[string]any{"sort_index": 2*u + row}})
		}
	}
	busy := make([][2]int64, len(s.Units()))
	for _, x := range s.Spans(hwmodel.IdealMemory, images) {
		row := 0
		if x.From < busy[x.Unit][0] {
			row = 1
		}
		busy[x.Unit][row] = x.To
		e := traceEvent{Name: hwmodel.StoreName, Phase: "X", PID: 1, TID: 2*x.Unit + row + 1, At: micros(x.From),
			Took: micros(x.To - x.From),
			Args: map[string]any{"from": x.From, "to": x.To}}
		if x.Op < len(ops) {
			e.Name = ops[x.Op].Name
			e.Args["kind"], e.Args["shape"] = ops[x.Op].Kind.String(), shapeOf(ops[x.Op])
		}
		enter(e)
	}
	fmt.Fprint(out, "\n]}\n")
	if err != nil {
		return err
	}
	return out.Flush()
}

// micros writes so many nanoseconds as microseconds, exactly.
func micros(ns int64) json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", ns/1000, ns%1000))
}
