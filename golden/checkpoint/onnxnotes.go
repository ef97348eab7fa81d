package checkpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// instead is what the contract has in the place of codes that a node of an operator reads, and no layer took.
var instead = []struct {
	ops  []string
	text string
}{
	{[]string{"Softmax"}, "codes of scores: scores are exact here"},
	{[]string{"softmax"}, "codes of the softmax: numerators of softmax_bits here, " +
		"and the row is normalised behind the value product"},
	{[]string{"Add", "LayerNormalization", "Concat", "Sub", "ReduceMean", "Pow", "Sqrt"},
		"codes of the residual stream and inside of LayerNorms: 16 bits here"},
	{[]string{"Erf", "Mul", "Div", "Tanh", "Sigmoid", "Gelu", "Relu"},
		"codes inside of the activation and of scalings: one table, and no rounding here"},
	{[]string{"Conv"}, "codes of the image: the pixels' own here"},
}

// others says what is in the place of codes that no layer took.
func (a *adopted) others() {
	seen := map[string]bool{}
	for node, op := range a.s.consumer {
		if a.kept[node] {
			continue
		}
		for _, i := range instead {
			if slices.Contains(i.ops, op) {
				seen[i.text] = true
			}
		}
	}
	for _, i := range instead {
		if seen[i.text] {
			a.say("", "%s", i.text)
		}
	}
}

var inBlock = regexp.MustCompile(`^blocks\.(\d+)\.`)

// said are the notes in words, one line for each text with all its layers; blocks that follow each other are a range.
func (a *adopted) said() []string {
	lines := []string{fmt.Sprintf("is quantized; the bits, scales and zero points of %s are taken as they are but for "+
		"what follows", count(len(a.grids), "layer"))}
	var texts []string
	layers := map[string][]string{}
	for _, n := range a.notes {
		if _, twice := layers[n.text]; !twice {
			texts = append(texts, n.text)
		}
		layers[n.text] = append(layers[n.text], n.layer)
	}
	for _, text := range texts {
		names := ranges(layers[text])
		if len(names) == 1 && names[0] == "" {
			lines = append(lines, text)
			continue
		}
		lines = append(lines, strings.Join(names, ", ")+": "+text)
	}
	return lines
}

// ranges joins names of layers that differ in their block: blocks.0 to 5.mlp.fc1.
func ranges(names []string) []string {
	var order []string
	blocks := map[string][]int{}
	for _, n := range names {
		kind, block := n, -1
		if m := inBlock.FindStringSubmatch(n); m != nil {
			kind = "blocks.%s." + n[len(m[0]):]
			fmt.Sscan(m[1], &block)
		}
		if _, twice := blocks[kind]; !twice {
			order = append(order, kind)
		}
		if !slices.Contains(blocks[kind], block) {
			blocks[kind] = append(blocks[kind], block)
		}
	}
	var list []string
	for _, kind := range order {
		if blocks[kind][0] < 0 {
			list = append(list, kind)
			continue
		}
		var spans []string
		for from := 0; from < len(blocks[kind]); {
			to := from
			for to+1 < len(blocks[kind]) && blocks[kind][to+1] == blocks[kind][to]+1 {
				to++
			}
			if spans = append(spans, fmt.Sprint(blocks[kind][from])); to > from {
				spans[len(spans)-1] += fmt.Sprintf("-%d", blocks[kind][to])
			}
			from = to + 1
		}
		list = append(list, strings.Replace(kind, "%s", strings.Join(spans, ","), 1))
	}
	return list
}
