package checkpoint

import (
	"errors"
	"fmt"
	"strings"

	"vitdse/configs"
)

// ViT returns the weights of a vision transformer of any family. The framework whose
// names the tensors have is found out: timm, torchvision, transformers, or Swin's
// authors (docs/CHECKPOINTS.md). Buffers that follow from the model's shape are ignored.
// The error lists every tensor that is missing, not part of the model, wrongly shaped
// or not finite.
func (c *Checkpoint) ViT(m configs.Model) (*Weights, error) {
	w := &Weights{Blocks: make([]BlockWeights, m.BlockCount())}
	slots := w.slots(m)
	names, hits := c.detect(m, slots)
	if hits == 0 {
		return nil, c.stranger(m)
	}
	if names.differ != nil {
		if why := names.differ(m); why != "" {
			return nil, fmt.Errorf("checkpoint %s: model %s: %s", c.path, m.Name, why)
		}
	}
	var errs []error
	known := map[string]bool{}
	for _, s := range slots {
		sources := names.sources(s.name)
		shape := append([]int(nil), s.shape...)
		shape[0] /= len(sources)
		for _, name := range sources {
			known[name] = true
			t, err := c.Tensor(name, shape...)
			if err != nil {
				errs = append(errs, err)
			}
			*s.dst = append(*s.dst, t...)
		}
	}
	for _, n := range c.Names() {
		if !known[n] && !isBuffer(n) {
			errs = append(errs, fmt.Errorf("checkpoint %s: tensor %s %v is not part of model %s (%s, %d blocks, names of %s); remove it or correct the model file",
				c.path, n, c.entries[n].Shape, m.Name, m.Family, m.BlockCount(), names.title))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return w, nil
}

// stranger says that nothing in the file belongs to the model.
func (c *Checkpoint) stranger(m configs.Model) error {
	var titles []string
	for _, n := range namings(m) {
		titles = append(titles, n.title)
	}
	have := c.Names()
	more := ""
	if len(have) > 5 {
		have, more = have[:5], fmt.Sprintf(" and %d more", len(have)-5)
	}
	return fmt.Errorf("checkpoint %s: has no tensor of model %s (%s) under the names of %s; it has %s%s: is it the checkpoint of this model?",
		c.path, m.Name, m.Family, strings.Join(titles, ", "), strings.Join(have, ", "), more)
}
