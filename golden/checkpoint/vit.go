package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
)

// ViT returns the weights of a vision transformer of any family. The framework whose
// names the tensors have is found out (docs/CHECKPOINTS.md), and so is a prefix in front of them.
// Layer scales are folded into the matmuls in front of them; biases that the whole network lacks are
// zeros; buffers that follow from the model's shape are ignored. What makes it another network than the
// model is refused by its name; tensors that are missing, of another shape or not finite are listed.
func (c *Checkpoint) ViT(m configs.Model) (*Weights, error) {
	net, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	w := empty(net)
	slots := w.slots(net)
	l, err := c.detect(net, slots)
	if err != nil {
		return nil, err
	}
	if l.hits < (l.of+3)/4 {
		return nil, c.stranger(net)
	}
	if err := l.variants(net); err != nil {
		return nil, err
	}
	if l.differ != nil && !c.ordered {
		if why := l.differ(net); why != "" {
			return nil, fmt.Errorf("checkpoint %s: model %s: %s", c.path, m.Name, why)
		}
	}
	r := reading{layout: l, net: net, m: m, known: map[string]bool{}, absent: map[string][]string{},
		present: map[string]bool{}}
	for i := range slots {
		r.slot(&slots[i])
	}
	r.settle(slots)
	r.scale(w)
	r.strangers()
	if c.quantized != nil {
		w.Grids = r.grids(c.quantized.grids)
	}
	return w, r.err()
}

// reading is one pass over a checkpoint.
type reading struct {
	layout
	net     *network.Network
	m       configs.Model
	known   map[string]bool     // tensors of the file that were read
	absent  map[string][]string // biases that are not there, by their kind
	present map[string]bool     // kinds of biases that are there
	faults  []string
}

// kind is a tensor's name without its block.
func kind(name string) string {
	if f := blockName.FindStringSubmatch(name); f != nil {
		return f[3]
	}
	return name
}

// slot reads one tensor of the model.
func (r *reading) slot(s *slot) {
	switch {
	case r.m.Features && strings.HasPrefix(s.name, "head."):
		*s.dst = identity(s.shape)
		return
	case s.name == "pos_embed":
		r.positions(s)
		return
	}
	sources := r.find(s.name)
	if parts := r.splitBias(s.name); parts != nil {
		sources = parts
	}
	part := append([]int(nil), s.shape...)
	part[0] /= len(sources)
	for len(sources) > 0 {
		name, shape := sources[0], slices.Clone(part)
		for sources = sources[1:]; len(sources) > 0 && sources[0] == name; sources = sources[1:] {
			shape[0] += part[0] // two parts in one tensor
		}
		e, ok := r.c.entries[name]
		switch {
		case ok && s.optional:
			r.present[kind(s.name)] = true
		case s.optional: // zeros, if that is so in every block
			r.absent[kind(s.name)] = append(r.absent[kind(s.name)], name)
			*s.dst = append(*s.dst, make([]float32, shape[0])...)
			continue
		case !ok && s.name == "reg_token":
			name = r.register()
			e = r.c.entries[name]
		}
		r.known[name] = true
		want := shape
		if strings.HasSuffix(s.name, "_token") && volume(e.Shape) == volume(shape) {
			want = e.Shape // the axes of a batch and of the tokens may be left out
		}
		t, err := r.c.Tensor(name, want...)
		r.fault(err)
		*s.dst = append(*s.dst, t...)
	}
}

// splitBias lists the biases of q, k and v where they are apart from a joint weight, as EVA's and
// BEiT's are in timm; that of k is not there.
func (r *reading) splitBias(name string) []string {
	stem, ok := strings.CutSuffix(name, "attn.qkv.bias")
	if !ok || r.there(name) {
		return nil
	}
	q, v := r.find(stem + "attn.q_bias")[0], r.find(stem + "attn.v_bias")[0]
	if _, ok := r.c.entries[q]; !ok {
		return nil
	}
	return []string{q, r.find(stem + "attn.k_bias")[0], v}
}

// settle refuses biases that some blocks have and others have not. A k without bias beside q and v with
// one is as good as one of zeros: softmax takes no notice of it.
func (r *reading) settle(slots []slot) {
	for _, s := range slots {
		k := kind(s.name)
		if !s.optional || !r.present[k] {
			continue
		}
		for _, name := range r.absent[k] {
			if k != "attn.qkv.bias" || !keyBias(name) {
				r.fault(fmt.Errorf("checkpoint %s: has no tensor %s, as other blocks have", r.c.path, name))
			}
		}
		delete(r.absent, k)
	}
}

func keyBias(name string) bool {
	for _, k := range []string{".key.bias", ".k_proj.bias", ".k_bias"} {
		if strings.HasSuffix(name, k) {
			return true
		}
	}
	return false
}

// layerScales are timm's names of a block's two layer scales, the usual ones and those of EVA.
var layerScales = [2][2]string{{"ls1.gamma", "gamma_1"}, {"ls2.gamma", "gamma_2"}}

// scale folds the layer scales, a factor for each channel, into the matmul in front of them
// (Touvron et al., arXiv:2103.17239).
func (r *reading) scale(w *Weights) {
	found := [2]int{}
	for i := range w.Blocks {
		b, shape := &w.Blocks[i], r.net.Blocks[i]
		for j, into := range [2][2][]float32{{b.ProjW, b.ProjB}, {b.FC2W, b.FC2B}} {
			for _, name := range append(layerScales[j][:], fmt.Sprintf("ls%d", j+1)) {
				name = r.find(shape.Name + "." + name)[0]
				if _, ok := r.c.entries[name]; !ok {
					continue
				}
				r.known[name] = true
				found[j]++
				g, err := r.c.Tensor(name, shape.Dim)
				if r.fault(err); err == nil {
					multiplyRows(into[0], g)
					multiplyRows(into[1], g)
				}
			}
		}
	}
	for j, n := range found {
		if n > 0 && n != r.m.Depth {
			r.fault(fmt.Errorf("checkpoint %s: %d of %d blocks have a layer scale %s",
				r.c.path, n, r.m.Depth, layerScales[j][0]))
		}
	}
}

// multiplyRows multiplies each row of a matrix by its factor.
func multiplyRows(w, factors []float32) {
	n := len(w) / len(factors)
	for i := range w {
		w[i] *= factors[i/n]
	}
}

// identity is the weight, or the bias, of a head that changes nothing.
func identity(shape []int) []float32 {
	v := make([]float32, volume(shape))
	if len(shape) == 2 {
		for i := range shape[0] {
			v[i*shape[1]+i] = 1
		}
	}
	return v
}

func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// strangers refuses what is not part of the model.
func (r *reading) strangers() {
	for _, n := range r.c.Names() {
		if !r.known[n] && !r.ignored(n, r.m) {
			r.fault(fmt.Errorf("checkpoint %s: tensor %s %v is not part of model %s (%s, %d blocks, names of %s): "+
				"it is another network",
				r.c.path, n, r.c.entries[n].Shape, r.m.Name, r.m.Family, len(r.net.Blocks), r.title))
		}
	}
}

func (r *reading) fault(err error) {
	if err != nil {
		r.faults = append(r.faults, err.Error())
	}
}

// maxFaults bounds the lines of an error.
const maxFaults = 30

func (r *reading) err() error {
	if r.faults == nil {
		return nil
	}
	list := r.faults
	if len(list) > maxFaults {
		list = append(list[:maxFaults:maxFaults], fmt.Sprintf("checkpoint %s: and %d faults more",
			r.c.path, len(r.faults)-maxFaults))
	}
	return errors.New(strings.Join(list, "\n"))
}

// stranger says that the file holds another network.
func (c *Checkpoint) stranger(net *network.Network) error {
	m := net.Model
	var titles []string
	for _, n := range namings(net) {
		titles = append(titles, n.title)
	}
	what := ""
	if f := c.foreignFamily(net); f != "" {
		what = ": it is a checkpoint of " + f
	}
	have := c.Names()
	more := ""
	if len(have) > 5 {
		have, more = have[:5], fmt.Sprintf(" and %d more", len(have)-5)
	}
	return fmt.Errorf("checkpoint %s: is not one of model %s (%s)%s.\nIt has %s%s;\n"+
		"looked for were the names of %s (docs/CHECKPOINTS.md)",
		c.path, m.Name, m.Family, what, strings.Join(have, ", "), more, strings.Join(titles, ", "))
}
