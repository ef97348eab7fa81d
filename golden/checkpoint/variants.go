package checkpoint

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
)

// refused are the variants that are known by their tensors and not carried.
var refused = []struct {
	pattern *regexp.Regexp
	what    string
}{
	{regexp.MustCompile(`(^|\.)attn\.(q_norm|k_norm|norm_q|norm_k)\.|(^|\.)(q_norm|k_norm|q_layernorm|k_layernorm)\.`),
		"q/k norm (a norm on queries and keys)"},
	{regexp.MustCompile(`(^|\.)(attn_pool|attention_pool|attn_pool_contrastive)\.|(^|\.)head\.(probe|attention\.)`),
		"attention pooling (SigLIP)"},
	{regexp.MustCompile(`(^|\.)(rope|rotary_emb|rope_embeddings)\.|freqs_(cos|sin)`), "rotary position embeddings (RoPE)"},
	{regexp.MustCompile(`(^|\.)(rel_pos_bias|shared_position_bias|encoder\.relative_position_bias)\.`),
		"a relative position bias that all blocks share (BEiT's pre-training)"},
	{regexp.MustCompile(`relative_position_bias|\.rel_pos(\.|_h|_w|$)`), "relative position bias"},
	{regexp.MustCompile(`\.mlp\.(w1|w2|w3|w12|fc1_g|fc1_x|weights_in|weights_out|gate_proj)\.`), "SwiGLU (a gated MLP)"},
	{regexp.MustCompile(`\.mlp\.norm\.`), "a norm inside of the MLP (EVA-02)"},
	{regexp.MustCompile(`\.attn\.(norm|inner_attn_ln)\.`), "a norm inside of the attention (EVA-02)"},
	{regexp.MustCompile(`(^|\.)(pre_logits|repr_layer)\.`), "a hidden layer in front of the head (pre_logits)"},
	{regexp.MustCompile(`(^|\.)pooler\.`), "a pooler (a layer with tanh behind the class token)"},
	{regexp.MustCompile(`(^|\.)patch_embed\.backbone\.|(^|\.)patch_embed\.proj\.\d|(^|\.)patch_embed\.conv`),
		"convolutions in front of the patches (a hybrid)"},
	{regexp.MustCompile(`(^|\.)patch_embed\.norm\.`), "a norm in the patch embedding"},
	{regexp.MustCompile(`(^|\.)decoder|(^|\.)lm_head\.`), "a decoder (pre-training of MAE or BEiT)"},
	{regexp.MustCompile(`lora_|\.adapter`), "adapters (LoRA), which have to be merged into the weights first"},
	{regexp.MustCompile(`(weight_scale|qweight|qzeros|zero_point|_packed_params|\.SCB)$`),
		"a quantized checkpoint; give the float one it was made from"},
	{regexp.MustCompile(`\.(post_norm\d?|norm\d?_post|ls_post)\.`), "norms behind the branches"},
}

// otherNetworks are networks of families that are not carried, known by a tensor.
var otherNetworks = []struct {
	pattern *regexp.Regexp
	what    string
}{
	{regexp.MustCompile(`\.(attn|self|attention)\.(logit_scale|cpb_mlp|meta_mlp|continuous_position_bias_mlp)`),
		"a Swin of version 2 (cosine attention, positions by an MLP)"},
	{regexp.MustCompile(`(^|\.)blocks_token_only\.`), "a CaiT (class attention)"},
	{regexp.MustCompile(`\.attn\.rel_pos_[hw]$`), "SAM's encoder (relative positions along rows and columns)"},
}

// other says which network of another family the file has.
func (c *Checkpoint) other() error {
	for _, n := range c.Names() {
		for _, o := range otherNetworks {
			if o.pattern.MatchString(n) {
				return fmt.Errorf("is %s, which is not carried: %s", o.what, n)
			}
		}
	}
	return nil
}

// variants says which variants of a transformer the file has that the model has not.
func (l layout) variants(net *network.Network) error {
	m := net.Model
	seen, known := map[string]string{}, map[string]bool{}
	for _, s := range empty(net).slots(net) {
		for _, n := range l.find(s.name) {
			known[n] = true
		}
	}
	if n := l.find("blocks.0.attn.q_norm.weight")[0]; l.there("blocks.0.attn.q_norm.weight") &&
		!l.there("blocks.0.attn.q_norm.bias") && l.there("blocks.0.norm1.bias") {
		seen["q/k norm by RMSNorm (the other norms have a bias)"] = n
	}
	for _, n := range l.c.Names() {
		if l.ignored(n, m) || windows(net) {
			continue
		}
		for _, r := range refused {
			if known[n] {
				break
			}
			if _, twice := seen[r.what]; !twice && r.pattern.MatchString(n) {
				seen[r.what] = n
			}
		}
	}
	if len(seen) == 0 {
		return l.otherHead(net)
	}
	var list []string
	for what, tensor := range seen {
		list = append(list, fmt.Sprintf("%s: %s", what, tensor))
	}
	sort.Strings(list)
	return fmt.Errorf("checkpoint %s: is another network than a plain %s; not carried: %s",
		l.c.path, m.Family, strings.Join(list, "; "))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// otherHead refuses heads and tokens that belong to another model than the one given.
func (l layout) otherHead(net *network.Network) error {
	m := net.Model
	if windows(net) {
		return nil
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("checkpoint %s: model %s: %s", l.c.path, m.Name, fmt.Sprintf(format, args...))
	}
	blocks := 0
	for l.there(fmt.Sprintf("blocks.%d.norm1.weight", blocks)) {
		blocks++
	}
	if blocks != m.Depth {
		return bad("the checkpoint has %s, the model file says depth: %d", count(blocks, "block"), m.Depth)
	}
	second := l.there("head_dist.weight")
	if net.Classifiers == 1 && second {
		return bad("the checkpoint has a second head, on a distillation token (%s); expected family: deit-distilled",
			l.find("head_dist.weight")[0])
	}
	if head := l.find("head.weight")[0]; !m.Features {
		switch e, ok := l.c.entries[head]; {
		case !ok && !l.anyHead():
			return bad("the checkpoint has no head, its result is the embedding; expected features: true and classes: %d", m.Dim)
		case ok && len(e.Shape) == 2 && e.Shape[1] == 2*m.Dim:
			return bad("the head reads class token and average pooling side by side (DINOv2 for classification in "+
				"transformers: %s %v), which is not carried", head, e.Shape)
		}
	} else if l.there("head.weight") {
		return bad("features says that there is no head, and the checkpoint has %s; leave features out", head)
	}
	for _, t := range []struct {
		name  string
		given bool
		key   string
	}{{"cls_token", !m.NoClassToken, "no_class_token: true"}, {"fc_norm.weight", m.FCNorm, "fc_norm: true"},
		{"norm_pre.weight", m.PreNorm, "pre_norm: true"},
		{"blocks.0.attn.q_norm.weight", m.QKNorm, "qk_norm: true"},
		{"blocks.0.attn.relative_position_bias_table", m.RelativePositions, "relative_positions: true"},
		{"blocks.0.mlp.norm.weight", m.MLPNorm, "mlp_norm: true"}} {
		is := l.there(t.name)
		switch {
		case t.name == "cls_token" && !is && t.given:
			return bad("the checkpoint has no class token (%s); expected %s and pool: avg or max", l.find(t.name)[0], t.key)
		case is && !t.given && t.name != "cls_token":
			return bad("the checkpoint has %s; expected %s", l.find(t.name)[0], t.key)
		case is && !t.given:
			return bad("the checkpoint has a class token (%s); expected no %s", l.find(t.name)[0], t.key)
		case !is && t.given && t.name != "cls_token":
			return bad("the checkpoint has no %s; expected no %s", l.find(t.name)[0], t.key)
		}
	}
	if n := l.registers(net); n != m.Registers {
		return bad("the checkpoint has %s, the model %d; expected registers: %d", count(n, "register token"), m.Registers, n)
	}
	return nil
}

// headTensor finds names of heads, as libraries give them.
var headTensor = regexp.MustCompile(`(^|\.)(head|heads|classifier|fc|visual_projection|head\.fc|heads\.head)\.` +
	`(weight|bias)$`)

// anyHead says whether there is a tensor that looks like a head's.
func (l layout) anyHead() bool {
	for n := range l.c.entries {
		if headTensor.MatchString(n) {
			return true
		}
	}
	return false
}

// register is the file's name of the register tokens: of a DeiT of one head the distillation token is one.
func (l layout) register() string {
	for _, n := range []string{l.find("reg_token")[0], l.place("register_tokens"), l.find("dist_token")[0]} {
		if _, ok := l.c.entries[n]; ok {
			return n
		}
	}
	return l.find("reg_token")[0]
}

// registers counts the register tokens.
func (l layout) registers(net *network.Network) int {
	name := l.register()
	if net.Classifiers > 1 || !hasKey(l.c.entries, name) {
		return 0
	}
	return volume(l.c.entries[name].Shape) / net.Model.Dim
}

func hasKey(m map[string]entry, k string) bool { _, ok := m[k]; return ok }

// ignored says whether a tensor takes no part in what the network computes of a whole image: buffers
// that follow from its shape, the token of masked patches, and another tower beside it.
func (l layout) ignored(name string, m configs.Model) bool {
	for _, b := range []string{"attn_mask", "relative_position_index", "position_ids", "num_batches_tracked"} {
		if strings.HasSuffix(name, "."+b) || name == b {
			return true
		}
	}
	if l.prefix != "" && !strings.HasPrefix(name, l.prefix) && beside.MatchString(name) {
		return true
	}
	if e := l.c.entries[name]; len(e.Shape) > 1 && volume(e.Shape) == 0 { // no registers
		return true
	}
	rest := strings.TrimPrefix(name, l.prefix)
	if rest == "mask_token" || rest == "embeddings.mask_token" {
		return true
	}
	return l.otherTower(name) || m.Pools() && strings.HasPrefix(rest, "head.") && l.has("classifier.weight")
}

// beside are what training keeps beside a network: losses, metrics, the count of an average.
var beside = regexp.MustCompile(`^(criterion|loss|loss_fn|metrics?|(train|val|test)_\w*|n_averaged)(\.|$)`)

// otherTower says whether a tensor is of the text tower of CLIP or SigLIP.
func (l layout) otherTower(name string) bool {
	if !strings.Contains(l.title, "CLIP") && !strings.Contains(l.title, "SigLIP") {
		return false
	}
	for _, p := range []string{"text_model.", "text_projection.", "logit_scale", "logit_bias"} {
		if strings.HasPrefix(name, p) || strings.Contains(name, "."+p) {
			return true
		}
	}
	return false
}

// foreignFamily names a family by its tensors, "" if it is not known.
func (c *Checkpoint) foreignFamily(net *network.Network) string {
	for _, f := range []struct {
		pattern *regexp.Regexp
		what    string
	}{
		{regexp.MustCompile(`relative_position_bias_table$`), "a Swin (windowed attention)"},
		{regexp.MustCompile(`(^|\.)blocks\.\d+\.attn\.qkv\.weight$|encoder\.layers?\.(encoder_layer_)?\d+\.`), "a ViT"},
		{regexp.MustCompile(`(^|\.)layer4\.\d+\.conv\d|\.bn\d\.running_mean$|running_var$`), "a convolutional network"},
		{regexp.MustCompile(`(^|\.)stages\.\d+\.blocks\.\d+\.(conv_dw|dwconv)`), "a ConvNeXt"},
		{regexp.MustCompile(`(^|\.)(wte|word_embeddings|embed_tokens|token_embedding)\.weight$`), "a language model"},
	} {
		for n := range c.entries {
			if f.pattern.MatchString(n) && !(windows(net) && strings.Contains(f.what, "Swin")) {
				return f.what
			}
		}
	}
	return ""
}
