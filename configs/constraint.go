package configs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Constraint is a condition between the fields of an engine that every point of a space
// must meet, written as space files do: "tm*tn*tk <= 2048", "tk <= tn or tm >= 16",
// "multiplier == lut or bus_bits >= 64". Terms are integers, numeric fields, + - * / and
// parentheses; a comparison is <= >= < > == or !=, of texts == or != only; comparisons are
// joined by and, or and not.
type Constraint struct {
	text  string
	holds func(Engine, float64) (bool, error)
}

func (c Constraint) String() string { return c.text }

// Holds says whether an engine at a clock of so many MHz meets the constraint.
func (c Constraint) Holds(e Engine, clockMHz float64) (bool, error) {
	if c.holds == nil {
		return true, nil
	}
	ok, err := c.holds(e, clockMHz)
	if err != nil {
		return false, fmt.Errorf("constraint %q: %w", c.text, err)
	}
	return ok, nil
}

// numberFields and textFields are what a constraint may speak of.
var numberFields = map[string]func(Engine, float64) float64{
	"tm":             func(e Engine, _ float64) float64 { return float64(e.TM) },
	"tn":             func(e Engine, _ float64) float64 { return float64(e.TN) },
	"tk":             func(e Engine, _ float64) float64 { return float64(e.TK) },
	"vector_columns": func(e Engine, _ float64) float64 { return float64(e.Columns()) },
	"lut_columns":    func(e Engine, _ float64) float64 { return float64(e.LUTColumns) },
	"patch_tokens":   func(e Engine, _ float64) float64 { return float64(e.GatherTokens()) },
	"bus_bits":       func(e Engine, _ float64) float64 { return float64(e.BusBits) },
	"read_fifo":      func(e Engine, _ float64) float64 { return float64(e.ReadFIFO) },
	"weight_buffers": func(e Engine, _ float64) float64 { return float64(e.WeightBuffers) },
	"clock_mhz":      func(_ Engine, mhz float64) float64 { return mhz },
}

var textFields = map[string]func(Engine) string{
	"multiplier":           func(e Engine) string { return string(e.Multiplier) },
	"packing":              func(e Engine) string { return string(e.Packing) },
	"memories.activations": func(e Engine) string { return string(e.Activations) },
	"memories.weights":     func(e Engine) string { return string(e.Weights) },
	"memories.residual":    func(e Engine) string { return string(e.Residual) },
}

// textValues are the words a text field is compared with.
var textValues = []string{string(MulDSP), string(MulLUT), string(PackNone), string(PackDSP48E1), string(PackDSP48E2),
	string(MemAuto), string(MemBlock), string(MemLUT), string(MemUltra)}

type (
	predicate func(Engine, float64) (bool, error)
	number    func(Engine, float64) (float64, error)
)

// ParseConstraint reads a condition.
func ParseConstraint(text string) (Constraint, error) {
	p := &constraintParser{text: text}
	p.scan()
	f := p.either()
	if p.err == nil && p.at < len(p.tokens) {
		p.fail("%q is left over", p.tokens[p.at])
	}
	if p.err != nil {
		return Constraint{}, fmt.Errorf("constraint %q: %w", text, p.err)
	}
	return Constraint{text, f}, nil
}

// constraintParser is a recursive descent over tokens; the first error stays.
type constraintParser struct {
	text   string
	tokens []string
	at     int
	err    error
}

func (p *constraintParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// scan cuts the text into words, numbers and signs.
func (p *constraintParser) scan() {
	rest := p.text
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		n := strings.IndexFunc(rest, func(r rune) bool {
			return !(unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '.')
		})
		if n < 0 {
			n = len(rest)
		}
		if n == 0 {
			n = 1
			if len(rest) > 1 && slices.Contains([]string{"<=", ">=", "==", "!="}, rest[:2]) {
				n = 2
			}
			if !strings.Contains("+-*/()<>", rest[:1]) && n == 1 {
				p.fail("%q has no meaning here; expected fields, numbers, + - * / ( ) and comparisons", rest[:1])
				return
			}
		}
		p.tokens = append(p.tokens, rest[:n])
		rest = rest[n:]
	}
}

func (p *constraintParser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

// accept takes the next token if it is one of these.
func (p *constraintParser) accept(tokens ...string) string {
	if t := p.peek(); t != "" && slices.Contains(tokens, t) {
		p.at++
		return t
	}
	return ""
}

func (p *constraintParser) either() predicate {
	f := p.both()
	for p.accept("or") != "" {
		a, b := f, p.both()
		f = func(e Engine, c float64) (bool, error) {
			if ok, err := a(e, c); ok || err != nil {
				return ok, err
			}
			return b(e, c)
		}
	}
	return f
}

func (p *constraintParser) both() predicate {
	f := p.term()
	for p.accept("and") != "" {
		a, b := f, p.term()
		f = func(e Engine, c float64) (bool, error) {
			if ok, err := a(e, c); !ok || err != nil {
				return ok, err
			}
			return b(e, c)
		}
	}
	return f
}

func (p *constraintParser) term() predicate {
	if p.accept("not") != "" {
		f := p.term()
		return func(e Engine, c float64) (bool, error) { ok, err := f(e, c); return !ok, err }
	}
	if field := textFields[p.peek()]; field != nil {
		return p.words(field)
	}
	// A parenthesis opens a condition or a number: try the condition first.
	if p.peek() == "(" {
		at := p.at
		p.at++
		if f := p.either(); p.err == nil && p.accept(")") != "" {
			return f
		}
		p.at, p.err = at, nil
	}
	return p.comparison()
}

// words compares a text field with a word.
func (p *constraintParser) words(field func(Engine) string) predicate {
	name := p.tokens[p.at]
	p.at++
	sign, word := p.accept("==", "!="), p.peek()
	if sign == "" || !slices.Contains(textValues, word) {
		p.fail("%s is a text; expected %s == or != one of %s", name, name, strings.Join(textValues, ", "))
		return nil
	}
	p.at++
	return func(e Engine, _ float64) (bool, error) { return (field(e) == word) == (sign == "=="), nil }
}

func (p *constraintParser) comparison() predicate {
	a := p.sum()
	sign := p.accept("<=", ">=", "==", "!=", "<", ">")
	if sign == "" {
		p.fail("expected a comparison, <= >= < > == or !=, where there is %s", p.found())
		return nil
	}
	b := p.sum()
	return func(e Engine, c float64) (bool, error) {
		x, err := a(e, c)
		if err != nil {
			return false, err
		}
		y, err := b(e, c)
		switch sign {
		case "<=":
			return x <= y, err
		case ">=":
			return x >= y, err
		case "<":
			return x < y, err
		case ">":
			return x > y, err
		case "==":
			return x == y, err
		}
		return x != y, err
	}
}

func (p *constraintParser) found() string {
	if t := p.peek(); t != "" {
		return strconv.Quote(t)
	}
	return "the end"
}

func (p *constraintParser) sum() number {
	f := p.product()
	for sign := p.accept("+", "-"); sign != ""; sign = p.accept("+", "-") {
		f = operate(sign, f, p.product())
	}
	return f
}

func (p *constraintParser) product() number {
	f := p.factor()
	for sign := p.accept("*", "/"); sign != ""; sign = p.accept("*", "/") {
		f = operate(sign, f, p.factor())
	}
	return f
}

func operate(sign string, a, b number) number {
	return func(e Engine, c float64) (float64, error) {
		x, err := a(e, c)
		if err != nil {
			return 0, err
		}
		y, err := b(e, c)
		switch {
		case err != nil:
			return 0, err
		case sign == "+":
			return x + y, nil
		case sign == "-":
			return x - y, nil
		case sign == "*":
			return x * y, nil
		case y == 0:
			return 0, fmt.Errorf("divides by 0")
		}
		return x / y, nil
	}
}

func (p *constraintParser) factor() number {
	if p.accept("(") != "" {
		f := p.sum()
		if p.accept(")") == "" {
			p.fail("expected ) where there is %s", p.found())
		}
		return f
	}
	t := p.peek()
	if field := numberFields[t]; field != nil {
		p.at++
		return func(e Engine, c float64) (float64, error) { return field(e, c), nil }
	}
	if v, err := strconv.ParseFloat(t, 64); err == nil && t[0] >= '0' && t[0] <= '9' {
		p.at++
		return func(Engine, float64) (float64, error) { return v, nil }
	}
	if t == "" || !unicode.IsLetter(rune(t[0])) {
		p.fail("expected a number or a field where there is %s", p.found())
		return nil
	}
	p.fail("unknown field; %s", hint(t, append(sortedKeys(numberFields), sortedKeys(textFields)...)))
	return nil
}
