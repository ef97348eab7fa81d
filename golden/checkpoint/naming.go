package checkpoint

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"vitdse/configs/network"
)

// naming is how one framework names the tensors of a model. Stems are names without
// .weight or .bias; those of blocks follow the block's own prefix.
type naming struct {
	title string
	block func(stage, block int) string // prefix of a block's tensors
	merge func(stage int) string        // prefix of the patch merging in front of a stage
	outer map[string]string             // stems outside of blocks
	// stems inside blocks; three with commas are q, k and v apart, one that stands twice has the rows of two
	inner  map[string]string
	differ func(net *network.Network) string // why the framework computes something else for the model, "" if it does not
}

// namings lists what a checkpoint of a network may be named after, of one with windows or without; the first
// is what timm writes, the names this package uses itself.
func namings(net *network.Network) []naming {
	if windows(net) {
		return swinNamings
	}
	return vitNamings
}

// windows says whether attention is inside windows: a Swin's.
func windows(net *network.Network) bool { return net.Blocks[0].Window > 0 }

func flat(format string) func(stage, block int) string {
	return func(_, block int) string { return fmt.Sprintf(format, block) }
}

func staged(format string) func(stage, block int) string {
	return func(stage, block int) string { return fmt.Sprintf(format, stage, block) }
}

// Stems inside a block of transformers: as it saves them, and as its modules are named
// since version 5.
var (
	savedBlock = map[string]string{
		"norm1": "layernorm_before", "norm2": "layernorm_after", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
		"attn.qkv":  "attention.attention.query,attention.attention.key,attention.attention.value",
		"attn.proj": "attention.output.dense",
		// BEiT's
		"attn.relative_position_bias_table": "attention.attention.relative_position_bias.relative_position_bias_table",
		"ls1":                               "lambda_1", "ls2": "lambda_2",
	}
	moduleBlock = map[string]string{
		"norm1": "layernorm_before", "norm2": "layernorm_after",
		"attn.qkv": "attention.q_proj,attention.k_proj,attention.v_proj", "attn.proj": "attention.o_proj",
		"attn.relative_position_bias_table": "attention.relative_position_bias.relative_position_bias_table",
	}
	dinoBlock = map[string]string{
		"attn.qkv":  "attention.attention.query,attention.attention.key,attention.attention.value",
		"attn.proj": "attention.output.dense", "ls1": "layer_scale1.lambda1", "ls2": "layer_scale2.lambda1",
	}
	dinoModules = map[string]string{
		"attn.qkv": "attention.q_proj,attention.k_proj,attention.v_proj", "attn.proj": "attention.o_proj",
		"ls1": "layer_scale1.lambda1", "ls2": "layer_scale2.lambda1",
	}
	// SwiGLU's in one tensor, DINOv2's, and in two, EVA-02's in timm, where q, k and v may be apart, too.
	dinoGated  = []string{"mlp.fc1", "mlp.weights_in", "mlp.fc2", "mlp.weights_out"}
	evaGated   = []string{"mlp.fc1", "mlp.fc1_g,mlp.fc1_x"}
	evaApart   = []string{"attn.qkv", "attn.q_proj,attn.k_proj,attn.v_proj"}
	towerBlock = map[string]string{ // CLIP's and SigLIP's
		"norm1": "layer_norm1", "norm2": "layer_norm2",
		"attn.qkv": "self_attn.q_proj,self_attn.k_proj,self_attn.v_proj", "attn.proj": "self_attn.out_proj",
	}
)

// transformersViT are the stems outside of blocks of a transformers ViT, DeiT or DINOv2.
var transformersViT = map[string]string{
	"cls_token": "embeddings.cls_token", "dist_token": "embeddings.distillation_token",
	"reg_token":        "embeddings.register_tokens",
	"pos_embed":        "embeddings.position_embeddings",
	"patch_embed.proj": "embeddings.patch_embeddings.projection", "norm": "layernorm", "fc_norm": "pooler.layernorm",
}

var towerOuter = map[string]string{
	"cls_token": "embeddings.class_embedding", "pos_embed": "embeddings.position_embedding.weight",
	"patch_embed.proj": "embeddings.patch_embedding", "norm_pre": "pre_layrnorm", "norm": "post_layernorm",
}

var (
	dinov3Outer = map[string]string{"cls_token": "embeddings.cls_token", "reg_token": "embeddings.register_tokens",
		"patch_embed.proj": "embeddings.patch_embeddings",
		"head":             "classifier"}
	dinov3Block = with(dinoModules, "mlp.fc2", "mlp.down_proj")
)

// Attention pooling: of timm q apart from k and v, of transformers in PyTorch's own module.
var (
	timmPool   = map[string]string{"attn_pool.qkv": "attn_pool.q,attn_pool.kv,attn_pool.kv"}
	siglipPool = []string{"attn_pool.latent", "head.probe", "attn_pool.qkv", "head.attention.in_proj_", "attn_pool.proj",
		"head.attention.out_proj",
		"attn_pool.norm", "head.layernorm", "attn_pool.mlp.fc1", "head.mlp.fc1", "attn_pool.mlp.fc2", "head.mlp.fc2"}
)

func with(m map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

var (
	torchvisionOuter = map[string]string{"cls_token": "class_token", "pos_embed": "encoder.pos_embedding",
		"patch_embed.proj": "conv_proj", "norm": "encoder.ln", "head": "heads.head"}
	torchvisionBlock = map[string]string{"norm1": "ln_1", "norm2": "ln_2", "attn.qkv": "self_attention.in_proj_",
		"attn.proj": "self_attention.out_proj", "mlp.fc1": "mlp.0", "mlp.fc2": "mlp.3"}
	oneHead  = []string{"head", "classifier"}
	twoHeads = []string{"head", "cls_classifier", "head_dist", "distillation_classifier"}

	vitNamings = []naming{
		{title: "timm", block: flat("blocks.%d."), outer: timmPool},
		{title: "torchvision", block: flat("encoder.layers.encoder_layer_%d."), outer: torchvisionOuter,
			inner: torchvisionBlock},
		{title: "torchvision before 0.13", block: flat("encoder.layers.encoder_layer_%d."), outer: torchvisionOuter,
			inner: with(torchvisionBlock, "mlp.fc1", "mlp.linear_1", "mlp.fc2", "mlp.linear_2")},
		{title: "transformers DeiT", block: flat("encoder.layer.%d."), outer: with(transformersViT, twoHeads...),
			inner: savedBlock},
		{title: "transformers ViT", block: flat("encoder.layer.%d."), outer: with(transformersViT, oneHead...),
			inner: savedBlock},
		{title: "transformers DINOv2", block: flat("encoder.layer.%d."), outer: with(transformersViT, oneHead...),
			inner: dinoBlock},
		{title: "transformers DINOv2 with SwiGLU", block: flat("encoder.layer.%d."), outer: with(transformersViT, oneHead...),
			inner: with(dinoBlock, dinoGated...)},
		{title: "transformers 5 DeiT modules", block: flat("layers.%d."), outer: with(transformersViT, twoHeads...),
			inner: moduleBlock},
		{title: "transformers 5 ViT modules", block: flat("layers.%d."), outer: with(transformersViT, oneHead...),
			inner: moduleBlock},
		{title: "transformers 5 DINOv2 modules", block: flat("encoder.layer.%d."), outer: with(transformersViT, oneHead...),
			inner: dinoModules},
		{title: "transformers 5 DINOv2 modules with SwiGLU", block: flat("encoder.layer.%d."),
			outer: with(transformersViT, oneHead...), inner: with(dinoModules, dinoGated...)},
		{title: "transformers 5 DINOv2 modules with a gate", block: flat("encoder.layer.%d."),
			outer: with(transformersViT, oneHead...),
			inner: with(dinoModules, "mlp.fc1", "mlp.gate_proj,mlp.up_proj", "mlp.fc2", "mlp.down_proj")},
		{title: "transformers DINOv3", block: flat("layer.%d."), outer: dinov3Outer,
			inner: with(dinov3Block, "mlp.fc1", "mlp.up_proj")},
		{title: "transformers DINOv3 with SwiGLU", block: flat("layer.%d."), outer: dinov3Outer,
			inner: with(dinov3Block, "mlp.fc1", "mlp.gate_proj,mlp.up_proj")},
		{title: "transformers CLIP", block: flat("encoder.layers.%d."), outer: with(towerOuter, "head", "visual_projection"),
			inner: towerBlock},
		{title: "transformers SigLIP", block: flat("encoder.layers.%d."),
			outer: with(with(towerOuter, oneHead...), siglipPool...), inner: towerBlock},
		{title: "timm SwiGLU", block: flat("blocks.%d."), outer: timmPool, inner: with(nil, evaGated...)},
		{title: "timm EVA", block: flat("blocks.%d."), outer: timmPool, inner: with(nil, evaApart...)},
		{title: "timm EVA-02", block: flat("blocks.%d."), outer: timmPool, inner: with(with(nil, evaGated...), evaApart...)},
	}
)

var (
	transformersSwin = map[string]string{"patch_embed.proj": "embeddings.patch_embeddings.projection",
		"patch_embed.norm": "embeddings.norm", "norm": "layernorm", "head": "classifier"}

	swinNamings = []naming{
		{title: "timm", block: staged("layers.%d.blocks.%d."), outer: map[string]string{"head": "head.fc"},
			differ: shiftsBeforePadding,
			merge:  func(stage int) string { return fmt.Sprintf("layers.%d.downsample.", stage) }},
		{title: "Swin's authors", block: staged("layers.%d.blocks.%d."),
			merge: func(stage int) string { return fmt.Sprintf("layers.%d.downsample.", stage-1) }, differ: doesNotPad},
		{title: "torchvision", block: func(stage, block int) string {
			return fmt.Sprintf("features.%d.%d.", 2*stage+1, block)
		},
			merge: func(stage int) string { return fmt.Sprintf("features.%d.", 2*stage) },
			outer: map[string]string{"patch_embed.proj": "features.0.0", "patch_embed.norm": "features.0.2"},
			inner: map[string]string{"mlp.fc1": "mlp.0", "mlp.fc2": "mlp.3"}},
		{title: "transformers Swin", block: staged("encoder.layers.%d.blocks.%d."), outer: transformersSwin,
			differ: shiftsNoStrip,
			merge:  func(stage int) string { return fmt.Sprintf("encoder.layers.%d.downsample.", stage-1) },
			inner: with(savedBlock, "attn.qkv", "attention.self.query,attention.self.key,attention.self.value",
				"attn.relative_position_bias_table", "attention.self.relative_position_bias_table")},
		{title: "transformers 5 Swin modules", block: staged("encoder.layers.%d.blocks.%d."), outer: transformersSwin,
			differ: shiftsNoStrip,
			merge:  func(stage int) string { return fmt.Sprintf("encoder.layers.%d.downsample.", stage-1) }, inner: moduleBlock},
	}
)

// padded finds a stage with shifted windows whose grid is not a whole number of them.
func padded(net *network.Network) (network.Stage, bool) {
	window := net.Blocks[0].Window
	for _, s := range net.Stages {
		if s.Depth > 1 && (s.H%window != 0 || s.W%window != 0) {
			return s, true
		}
	}
	return network.Stage{}, false
}

func shiftsBeforePadding(net *network.Network) string {
	if s, ok := padded(net); ok {
		return fmt.Sprintf("timm shifts a grid before it pads it, the others and this tool afterwards; "+
			"with %dx%d tokens in stage %d and windows of %d "+
			"that is another function: use an image whose stages are whole windows", s.H, s.W, s.Index, net.Blocks[0].Window)
	}
	return ""
}

func doesNotPad(net *network.Network) string {
	if s, ok := padded(net); ok {
		return fmt.Sprintf("the authors' classifier takes whole windows only; stage %d has %dx%d tokens in windows of %d",
			s.Index, s.H, s.W, net.Blocks[0].Window)
	}
	return ""
}

// shiftsNoStrip: transformers shifts in neither direction where one side is a window.
func shiftsNoStrip(net *network.Network) string {
	for _, s := range net.Stages {
		if s.Depth > 1 && min(s.H, s.W) == net.Blocks[0].Window && s.H != s.W {
			return fmt.Sprintf("transformers does not shift the %dx%d tokens of stage %d at all, "+
				"because one side is a single window; "+
				"torchvision, timm and this tool shift along the other side: use a square image", s.H, s.W, s.Index)
		}
	}
	return ""
}

var (
	blockName = regexp.MustCompile(`^(?:layers\.(\d+)\.)?blocks\.(\d+)\.(.+)$`)
	mergeName = regexp.MustCompile(`^layers\.(\d+)\.downsample\.(.+)$`)
)

// sources lists the tensors that hold the one of timm's given name, in order of rows.
func (n naming) sources(name string) []string {
	prefix, rest, stems := "", name, n.outer
	if f := blockName.FindStringSubmatch(name); f != nil {
		stage, _ := strconv.Atoi("0" + f[1])
		block, _ := strconv.Atoi(f[2])
		prefix, rest, stems = n.block(stage, block), f[3], n.inner
	} else if f := mergeName.FindStringSubmatch(name); f != nil {
		stage, _ := strconv.Atoi(f[1])
		prefix, rest, stems = n.merge(stage), f[2], nil
	}
	if theirs, ok := stems[rest]; ok {
		return []string{prefix + theirs}
	}
	dot := strings.LastIndexByte(rest, '.')
	if dot < 0 {
		return []string{prefix + rest}
	}
	stem, kind := rest[:dot], rest[dot:]
	theirs, ok := stems[stem]
	if !ok {
		return []string{prefix + rest}
	}
	var list []string
	for s := range strings.SplitSeq(theirs, ",") {
		if strings.HasSuffix(s, "_") { // torch's in_proj_weight
			kind = kind[1:]
		}
		list = append(list, prefix+s+kind)
	}
	return list
}
