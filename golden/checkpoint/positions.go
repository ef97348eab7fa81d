package checkpoint

import (
	"fmt"
	"math"

	"vitdse/configs"
)

// positions reads the position embedding. A file may leave out the rows of the tokens in front: those
// of the registers, or of all of them.
func (r *reading) positions(s *slot) {
	name := r.find(s.name)[0]
	e, ok := r.c.entries[name]
	if !ok {
		r.fault(fmt.Errorf("checkpoint %s: has no tensor %s %v: a network without position embedding is read with rotary "+
			"embeddings (RoPE) only, which %s or the model has to say (rope)", r.c.path, name, s.shape, configFile))
		return
	}
	r.known[name] = true
	d, tokens, patches := r.m.Dim, r.m.Tokens(), r.m.Patches()
	rows := volume(e.Shape) / d
	flat := len(e.Shape) == 2 || len(e.Shape) == 3 && e.Shape[0] == 1
	if !flat || e.Shape[len(e.Shape)-1] != d {
		r.fault(fmt.Errorf("checkpoint %s: tensor %s is %v; expected %v", r.c.path, name, e.Shape, s.shape))
		return
	}
	given := tokens - patches // rows in front that the file has
	switch rows {
	case tokens:
	case patches:
		given = 0
	case tokens - r.m.Registers:
		given -= r.m.Registers
	default:
		r.fault(fmt.Errorf("checkpoint %s: tensor %s is %v; expected %v: %s",
			r.c.path, name, e.Shape, s.shape, otherSize(r.m, rows)))
		return
	}
	t, err := r.c.Tensor(name, e.Shape...)
	if err != nil {
		r.fault(err)
		return
	}
	// In the file: the given rows, the patches. In the model: the given rows, zeros, the patches.
	*s.dst = append(append(append([]float32(nil), t[:given*d]...), make([]float32, (tokens-patches-given)*d)...),
		t[given*d:]...)
}

// otherSize says of a position embedding of so many rows which image it is for, and what to do.
func otherSize(m configs.Model, rows int) string {
	h, w := m.Image.Height/m.Patch, m.Image.Width/m.Patch
	for _, front := range []int{m.PrefixTokens(), m.PrefixTokens() - m.Registers, 0} {
		if n := rows - front; n > 0 {
			if side := int(math.Round(math.Sqrt(float64(n)))); side*side == n {
				return fmt.Sprintf("the checkpoint is for images of %dx%d pixels (%dx%d patches), "+
					"the model's are %dx%d (%dx%d patches): "+
					"say image: {height: %d, width: %d, channels: %d}, or resize it with "+
					"timm.layers.resample_abs_pos_embed(pos_embed, new_size=[%d, %d], num_prefix_tokens=%d)",
					side*m.Patch, side*m.Patch, side, side, m.Image.Height, m.Image.Width, h, w, side*m.Patch, side*m.Patch,
					m.Image.Channels, h, w, front)
			}
		}
	}
	return fmt.Sprintf("the checkpoint is for an image of another size: it has %d tokens, "+
		"%dx%d pixels in patches of %d have %d: "+
		"give the image that it was trained with, or resize it with timm.layers.resample_abs_pos_embed(pos_embed, "+
		"new_size=[%d, %d])",
		rows, m.Image.Height, m.Image.Width, m.Patch, m.Tokens(), h, w)
}
