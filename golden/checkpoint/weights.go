package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Weights are the tensors of a vision transformer, row-major, as timm stores them: a
// linear layer's weight is Out x In. Dim of a Swin is that of the block's stage.
type Weights struct {
	Cls    []float32 // Dim
	Dist   []float32 // Dim: the distillation token, of distilled DeiT
	Reg    []float32 // Registers x Dim: the register tokens
	Pos    []float32 // Tokens x Dim, prefix rows first
	PatchW []float32 // Dim x PatchInner; inner order is channel, row, column
	PatchB []float32 // Dim

	PatchNormG, PatchNormB []float32 // Dim: the LayerNorm behind the patch embedding, of Swin and with pre_norm

	Blocks []BlockWeights
	NormG  []float32 // Dim: gamma of the last LayerNorm
	NormB  []float32 // Dim: beta
	HeadW  []float32 // Classes x Dim
	HeadB  []float32 // Classes

	HeadDistW []float32 // Classes x Dim: the head on the distillation token
	HeadDistB []float32 // Classes

	Grids Grids // of a network that came quantized: its weights are what its codes stand for; nil for others
}

// BlockWeights are the tensors of one transformer block.
type BlockWeights struct {
	Norm1G, Norm1B []float32 // Dim
	Probe          []float32 // Dim: of attention pooling, what its query is made of
	QKVW           []float32 // 3*Dim x Dim: the rows of q, then k, then v
	QKVB           []float32 // 3*Dim
	QNormG, QNormB []float32 // Dim/Heads: with qk_norm, the norm of each head's q
	KNormG, KNormB []float32 // Dim/Heads: and of its k
	ProjW          []float32 // Dim x Dim
	ProjB          []float32 // Dim
	Norm2G, Norm2B []float32 // Dim
	FC1W           []float32 // Hidden x Dim; of a gated MLP 2*Hidden x Dim: the rows of the gate, then those of the value
	FC1B           []float32 // Hidden, or 2*Hidden
	FC2W           []float32 // Dim x Hidden
	FC2B           []float32 // Dim

	MLPNormG, MLPNormB []float32 // Hidden: with mlp_norm, the norm in front of FC2

	RelPos []float32 // RelativePositions x Heads: the table of relative position biases, of Swin and BEiT

	// The patch merging in front of the block, where a stage of Swin begins.
	MergeG, MergeB []float32 // 2*Dim: its LayerNorm
	MergeW         []float32 // Dim x 2*Dim
}

// slot ties a tensor's name and shape to the field that receives it.
type slot struct {
	name     string
	shape    []int
	dst      *[]float32
	optional bool // a bias: zeros where the file has none of its kind
}

// learned are the tensors of a network's prefix tokens.
func (w *Weights) learned() map[string]*[]float32 {
	return map[string]*[]float32{"cls_token": &w.Cls, "dist_token": &w.Dist, "reg_token": &w.Reg}
}

// slots lists every tensor of a network in timm's names; w must have as many blocks.
func (w *Weights) slots(net *network.Network) []slot {
	l := tensors{w: w, net: net}
	l.prefix()
	for _, op := range net.Ops {
		l.op(op)
	}
	return l.list
}

// tensors collects them.
type tensors struct {
	w    *Weights
	net  *network.Network
	list []slot
}

func (l *tensors) add(name string, dst *[]float32, shape ...int) {
	l.list = append(l.list, slot{name, shape, dst, strings.HasSuffix(name, ".bias")})
}

// layer adds a weight of so many outputs, and its bias where it may have one.
func (l *tensors) layer(name string, weight, bias *[]float32, out, in int) {
	l.add(name+".weight", weight, out, in)
	if bias != nil {
		l.add(name+".bias", bias, out)
	}
}

func (l *tensors) norm(name string, gamma, beta *[]float32, channels int) {
	l.add(name+".weight", gamma, channels)
	l.add(name+".bias", beta, channels)
}

// prefix lists the learned tokens and positions, the positions behind the class token.
func (l *tensors) prefix() {
	d := l.net.Stages[0].Dim
	positions := func() {
		if l.net.Model.NoPosEmbed {
			if l.w.Pos == nil { // nothing is added
				l.w.Pos = make([]float32, l.net.Model.Tokens()*d)
			}
			return
		}
		if l.net.Positions {
			l.add("pos_embed", &l.w.Pos, 1, l.net.Model.Tokens(), d)
		}
	}
	class := len(l.net.Prefix) > 0 && l.net.Prefix[0].Read
	if !class {
		positions()
	}
	for i, token := range l.net.Prefix {
		l.add(token.Name, l.w.learned()[token.Name], 1, token.Count, d)
		if class && i == 0 {
			positions()
		}
	}
}

// op lists the tensors that belong to an op.
func (l *tensors) op(op network.Op) {
	w, b := l.w, (*BlockWeights)(nil)
	if op.Block != network.None {
		b = &w.Blocks[op.Block]
	}
	switch op.Role {
	case network.RoleEmbed:
		l.add(op.Name+".proj.weight", &w.PatchW, op.Cols, l.net.Model.Image.Channels, l.net.Model.Patch, l.net.Model.Patch)
		l.add(op.Name+".proj.bias", &w.PatchB, op.Cols)
	case network.RoleEmbedNorm:
		l.norm(op.Name, &w.PatchNormG, &w.PatchNormB, op.Cols)
	case network.RoleMergeNorm:
		l.norm(op.Name, &b.MergeG, &b.MergeB, op.Cols)
	case network.RoleMerge:
		l.layer(op.Name, &b.MergeW, nil, op.Cols, op.Inner)
	case network.RoleNorm1:
		l.norm(op.Name, &b.Norm1G, &b.Norm1B, op.Cols)
	case network.RoleQuery: // with k and v
		if op.Kind == network.OpProbe {
			name := l.net.Blocks[op.Block].Name
			l.add(name+".latent", &b.Probe, 1, 1, op.Cols)
			l.layer(name+".qkv", &b.QKVW, &b.QKVB, 3*op.Cols, op.Cols)
			return
		}
		if s := l.net.Blocks[op.Block]; s.Relative {
			l.add(s.Name+".attn.relative_position_bias_table", &b.RelPos, s.RelativePositions(), s.Heads)
		}
		l.layer(l.net.LayerOf(op).Name, &b.QKVW, &b.QKVB, 3*op.Cols, op.Inner)
	case network.RoleQueryNorm:
		l.norm(op.Name, &b.QNormG, &b.QNormB, l.net.Blocks[op.Block].HeadDim())
	case network.RoleKeyNorm:
		l.norm(op.Name, &b.KNormG, &b.KNormB, l.net.Blocks[op.Block].HeadDim())
	case network.RoleProj:
		l.layer(op.Name, &b.ProjW, &b.ProjB, op.Cols, op.Inner)
	case network.RoleNorm2:
		l.norm(op.Name, &b.Norm2G, &b.Norm2B, op.Cols)
	case network.RoleFC1:
		rows := op.Cols
		if op.Kind == network.OpLinearGated { // with the gate
			rows *= 2
		}
		l.layer(op.Name, &b.FC1W, &b.FC1B, rows, op.Inner)
	case network.RoleMLPNorm:
		l.norm(op.Name, &b.MLPNormG, &b.MLPNormB, op.Cols)
	case network.RoleFC2:
		l.layer(op.Name, &b.FC2W, &b.FC2B, op.Cols, op.Inner)
	case network.RoleNorm:
		name := op.Name
		if l.net.Ops[op.Inputs[0]].Kind == network.OpPoolStream {
			name = "fc_norm"
		}
		l.norm(name, &w.NormG, &w.NormB, op.Cols)
	case network.RoleHead:
		l.layer(op.Name, &w.HeadW, &w.HeadB, op.Cols, op.Inner)
	case network.RoleSecondHead:
		l.layer(op.Name, &w.HeadDistW, &w.HeadDistB, op.Cols, op.Inner)
	}
}

// empty is the weights of a network before they are read.
func empty(net *network.Network) *Weights {
	return &Weights{Blocks: make([]BlockWeights, len(net.Blocks))}
}

// Prefix is what the rows in front of the patches hold, their positions not counted: PrefixTokens x Dim.
func (w *Weights) Prefix() []float32 { return slices.Concat(w.Cls, w.Dist, w.Reg) }

// Fill sets every tensor of a model, which must be valid, to the values that draw gives for its name (timm's)
// and shape: for weights that come from elsewhere than a file.
func (w *Weights) Fill(m configs.Model, draw func(name string, shape []int) []float32) {
	net := network.MustCompile(m)
	*w = *empty(net)
	for _, s := range w.slots(net) {
		*s.dst = draw(s.name, s.shape)
	}
}

// Check says whether the lengths of all tensors are those of the model: for weights
// that were not read from a file.
func (w *Weights) Check(m configs.Model) error {
	net, err := network.Compile(m)
	if err != nil {
		return err
	}
	if len(w.Blocks) != len(net.Blocks) {
		return fmt.Errorf("weights have %d blocks; model %s has %d", len(w.Blocks), m.Name, len(net.Blocks))
	}
	var errs []error
	for _, s := range w.slots(net) {
		if len(*s.dst) != s.size() {
			errs = append(errs, fmt.Errorf("tensor %s has %d values; expected %v", s.name, len(*s.dst), s.shape))
		}
	}
	return errors.Join(errs...)
}

// Parameters is the number of weights of a model, which must be valid.
func Parameters(m configs.Model) int {
	net, n := network.MustCompile(m), 0
	for _, s := range empty(net).slots(net) {
		n += s.size()
	}
	return n
}

func (s slot) size() int {
	n := 1
	for _, v := range s.shape {
		n *= v
	}
	return n
}
