package temporal

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"vitdse/configs"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// rtlParams are the constants that only the RTL has: what follows from the others, and the codes of a descriptor's
// fields.
func (p *Plan) rtlParams() []Param {
	s := p.Shape
	var l paramList
	l.add("ADDR_BITS", addressBits, "bits", "address of a buffer, any of them")
	l.add("VECTOR_LANES", s.VC*s.TM, "lanes", "of the vector units: VECTOR_COLUMNS columns of TM tokens")
	l.add("SUM_BITS", configs.ResidualBits+hwmodel.CeilLog2(s.Channels), "bits", "sum of a row's channels")
	l.add("SQUARE_SUM_BITS", 2*configs.ResidualBits-1+hwmodel.CeilLog2(s.Channels), "bits", "sum of their squares")
	if s.NormOut == s.NormBits {
		l.add("NORM_CODE_BITS", s.NormBits, "bits", "codes of LayerNorm for X")
	}
	if !s.Windowed {
		l.add("KEYS", s.Keys, "tokens", "that attend to each other")
	}
	p.poolRTLParams(&l)
	if s.Dynamic {
		l.add("POWER_BITS", powerBits, "bits", "a token's power of two, as its logarithm")
		l.index("TILE_INDEX_BITS", s.TilesInArray(), "number of a tile in the array")
		l.add("TOKEN_CODE_CYCLES", temporal.TokenCodes, "cycles", "from fine codes to what the array takes of them")
	}
	l.add("SCORED_CYCLES", p.scored(), "cycles", "from the array's head to the last scores at the softmax")
	l.add("REQUANTIZED_CYCLES", s.DrainLatency()-3, "cycles", "to the requantizer's output")
	l.add("OUT_CYCLES", s.DrainLatency()-1, "cycles", "to the buffers")
	l.add("BUFFERED_CYCLES", s.DrainLatency(), "cycles", "to being in them")
	for _, c := range codes {
		l.code(c.name, c.bits, c.value, c.note)
	}
	return l
}

// powerBits hold what fine codes are shifted by: by so much less are codes shorter.
const powerBits = 4

// addressBits is the width of a buffer address in a descriptor.
const addressBits = 16

// codes are the values of a descriptor's fields that stand for a choice.
var codes = []struct {
	name        string
	bits, value int
	note        string
}{
	{"OP_PATCHES", 3, int(temporal.StepPatches), "step: patches of the image into Q"},
	{"OP_NORM", 3, int(temporal.StepNorm), "step: a LayerNorm"},
	{"OP_MATMUL", 3, int(temporal.StepMatmul), "step: a matmul"},
	{"OP_STORE", 3, int(temporal.StepStore), "step: logits into the host's memory"},
	{"OP_POOL", 3, int(temporal.StepPool), "step: one row of all tokens"},
	{"OP_REGROUP", 3, int(temporal.StepRegroup), "step: rows of the residual stream into another order"},
	{"FROM_X", 2, temporal.FromX, "operand a: X"},
	{"FROM_Q", 2, temporal.FromQ, "operand a: Q; any other, the numerators"},
	{"FROM_WEIGHTS", 2, temporal.FromWeights, "operand b: weights"},
	{"FROM_KEYS", 2, temporal.FromKeys, "operand b: K; any other, V"},
	{"TO_X", 3, temporal.ToX, "destination: X"},
	{"TO_Q", 3, temporal.ToQ, "destination: Q"},
	{"TO_KEYS", 3, temporal.ToKeys, "destination: K"},
	{"TO_VALUES", 3, temporal.ToValues, "destination: V"},
	{"TO_RESIDUAL", 3, temporal.ToResidual, "destination: the residual stream, to which it is added"},
	{"TO_SCORES", 3, temporal.ToScores, "destination: the softmax"},
	{"TO_LOGITS", 3, temporal.ToLogits, "destination: logits"},
	{"TO_SUM", 3, temporal.ToSum, "destination: logits, to which the first head's are added"},
	{"WAIT_DRAINED", 2, temporal.WaitDrained, "start: all matmuls before have left the array"},
	{"WAIT_SOFTMAX", 2, temporal.WaitSoftmax, "start: a softmax is ready"},
	{"NORM_TO_X", 2, temporal.NormToX, "destination of a LayerNorm: X"},
	{"NORM_TO_RESIDUAL", 2, temporal.NormToResidual, "destination of a LayerNorm: the residual stream"},
	{"NORM_TO_POOL", 2, temporal.NormToPool, "destination of a LayerNorm: the pool"},
}

// A module's template says where its constants and the fields that it reads of a descriptor stand; fill puts in those
// that its text uses. So each stands in one list, here, and no module has one that it does not use.
const (
	constantsHere = "\x00constants\x00"
	fieldsHere    = "\x00fields %s %s\x00"
)

var fieldsMark = regexp.MustCompile("(?m)^\x00fields (\\w+) (\\w+)\x00$")

// marks are the functions by which a template says where its constants and fields stand.
var marks = template.FuncMap{"constants": markConstants, "fields": markFields}

func markConstants() string                       { return constantsHere }
func markFields(prefix, descriptor string) string { return fmt.Sprintf(fieldsHere, prefix, descriptor) }

// fill replaces the marks of a rendered module.
func fill(text string, params []Param, fields []Field) string {
	used := names(text)
	text = fieldsMark.ReplaceAllStringFunc(text, func(mark string) string {
		m := fieldsMark.FindStringSubmatch(mark)
		var lines []string
		for _, f := range fields {
			if used[m[1]+f.Name] {
				lines = append(lines, f.wire(m[1], m[2]))
			}
		}
		return strings.Join(lines, "\n")
	})
	if !strings.Contains(text, constantsHere) {
		return text
	}
	var parameters, choices []Param
	for _, c := range params {
		switch {
		case !used[c.Name]:
		case c.Unit == "code":
			choices = append(choices, c)
		default:
			parameters = append(parameters, c)
		}
	}
	more := strings.Contains(text, constantsHere+",") // parameters of the template's own
	text = strings.Replace(text, constantsHere+",", constantsHere, 1)
	text = strings.Replace(text, constantsHere, parameterList(parameters, more), 1)
	if len(choices) > 0 {
		text = strings.Replace(text, portsEnd, portsEnd+choiceList(choices), 1)
	}
	return text
}

const portsEnd = "\n);\n"

// parameterList declares constants in a module's head; more says that others follow.
func parameterList(list []Param, more bool) string {
	var name, value int
	for _, c := range list {
		name, value = max(name, len(c.Name)), max(value, len(c.Value))
	}
	var b strings.Builder
	b.WriteString("  // Of the design point: computed by the emitter, and part of its hash.")
	for i, c := range list {
		end := ","
		if i == len(list)-1 && !more {
			end = ""
		}
		fmt.Fprintf(&b, "\n  parameter %-*s = %-*s  // %s", name, c.Name, value+1, c.Value+end, c.Comment())
	}
	return b.String()
}

// choiceList declares the codes that a module knows.
func choiceList(list []Param) string {
	var b strings.Builder
	for _, c := range list {
		bits, _, _ := strings.Cut(c.Value, "'")
		high, _ := strconv.Atoi(bits)
		fmt.Fprintf(&b, "  %-40s // %s\n", fmt.Sprintf("localparam [%d:0] %s = %s;", high-1, c.Name, c.Value), c.Note)
	}
	return b.String()
}

// wire is the declaration of a field of a descriptor.
func (f Field) wire(prefix, descriptor string) string {
	width := ""
	if f.Width > 1 {
		width = fmt.Sprintf("[%d:0] ", f.Width-1)
	}
	declared := fmt.Sprintf("wire %-7s%s%s = %s[%d +: %d];", width, prefix, f.Name, descriptor, f.Offset, f.Width)
	return fmt.Sprintf("  %-56s // %s", declared, f.Comment())
}

var (
	comment    = regexp.MustCompile(`//.*`)
	identifier = regexp.MustCompile(`(?:^|[^.\w$'])([A-Za-z_]\w*)`)
)

// names are the identifiers that a module's text uses, but those of the ports and parameters of what it instantiates.
func names(text string) map[string]bool {
	used := map[string]bool{}
	for _, m := range identifier.FindAllStringSubmatch(comment.ReplaceAllString(text, ""), -1) {
		used[m[1]] = true
	}
	return used
}
