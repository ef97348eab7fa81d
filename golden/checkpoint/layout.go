package checkpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
)

// layout is where a checkpoint keeps the tensors of a model: the names of a framework, behind the
// prefix under which the network is in the file.
type layout struct {
	naming
	prefix string // "" or ending with a dot
	c      *Checkpoint
	hits   int // tensors of the model that are there
	of     int // tensors of the model
}

// ordinaryPrefixes are those that a framework itself puts in front of an encoder's tensors.
var ordinaryPrefixes = []string{"", "vit.", "deit.", "swin.", "dinov2.", "dinov2_with_registers.",
	"ijepa.", "beit.", "data2vec_vision.", "vision_model."}

// Notes say what of the checkpoint was left out to read the model from it: a prefix of its names that no
// library gives, and the tensors of a text tower.
func (c *Checkpoint) Notes(m configs.Model) []string {
	net, err := network.Compile(m)
	if err != nil {
		return nil
	}
	l, err := c.detect(net, empty(net).slots(net))
	if err != nil {
		return nil
	}
	var notes []string
	if !slices.Contains(ordinaryPrefixes, l.prefix) {
		notes = append(notes, fmt.Sprintf("the prefix %s of the checkpoint's names is left out", l.prefix))
	}
	text := 0
	for _, n := range c.Names() {
		if l.otherTower(n) {
			text++
		}
	}
	if text > 0 {
		notes = append(notes, fmt.Sprintf("%s of the text tower are left out", count(text, "tensor")))
	}
	if c.quantized != nil {
		notes = append(notes, c.quantized.said()...)
		if g := c.quantized.grids["patch_embed"]; g.WeightScale != nil && !oneScale(m) {
			notes = append(notes, "patch_embed: std differs from channel to channel and is folded into the weights, "+
				"whose codes are found here")
		}
	}
	return notes
}

// place is the name of a tensor in the file: behind the prefix, or what is in front of its last
// parts, since a head is beside its encoder. A name that is nowhere is that behind the prefix.
func (l layout) place(name string) string {
	for p := l.prefix; ; {
		if _, ok := l.c.entries[p+name]; ok {
			return p + name
		}
		if p == "" {
			return l.prefix + name
		}
		p = p[:strings.LastIndexByte(p[:len(p)-1], '.')+1]
	}
}

// has says whether the file has the tensor.
func (l layout) has(name string) bool {
	_, ok := l.c.entries[l.place(name)]
	return ok
}

// find lists the tensors that hold the one of timm's given name, under the file's names.
func (l layout) find(name string) []string {
	list := l.sources(name)
	for i, s := range list {
		list[i] = l.place(s)
	}
	return list
}

// there says whether the file has all of the tensors that hold the one of timm's given name.
func (l layout) there(name string) bool {
	return !slices.ContainsFunc(l.find(name), func(t string) bool { _, ok := l.c.entries[t]; return !ok })
}

// detect finds the layout under which the checkpoint has most of the model's tensors. It is an error
// if there are two such networks in it.
func (c *Checkpoint) detect(net *network.Network, slots []slot) (layout, error) {
	var best []layout
	for _, n := range namings(net) {
		for _, p := range c.prefixes(n, net) {
			l := layout{naming: n, prefix: p, c: c, of: len(slots)}
			for _, s := range slots {
				if l.there(s.name) {
					l.hits++
				}
			}
			if len(best) > 0 && l.hits == best[0].hits && l.title == best[0].title {
				best = append(best, l)
			} else if len(best) == 0 || l.hits > best[0].hits {
				best = []layout{l}
			}
		}
	}
	if len(best) > 1 && best[0].hits > 0 {
		var list []string
		for _, l := range best {
			list = append(list, l.prefix)
		}
		return best[0], fmt.Errorf("checkpoint %s: holds %d networks, under %s; keep the tensors of one",
			c.path, len(best), strings.Join(list, " and "))
	}
	return best[0], nil
}

// numbered are names of one of many: no prefix of a whole network.
var numbered = regexp.MustCompile(`(^|\.)\d+\.`)

// prefixes are those under which a network of the naming may be in the file: what stands in front of
// the first block's first norm. No prefix is one if there is no other.
func (c *Checkpoint) prefixes(n naming, net *network.Network) []string {
	first := n.sources(net.At(0, network.RoleNorm1).Name + ".weight")[0]
	var list []string
	for _, name := range c.Names() {
		if p, ok := strings.CutSuffix(name, first); ok && (p == "" || p[len(p)-1] == '.') && !numbered.MatchString(p) {
			list = append(list, p)
		}
	}
	if list == nil {
		list = []string{""}
	}
	return list
}
