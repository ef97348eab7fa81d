package checkpoint

import (
	"fmt"
	"strings"
)

// converter is what turns any file of torch.save into safetensors. The pickle inside is read with every
// class but torch's tensors replaced by a dictionary, so that none of its code runs; of a training
// checkpoint the weights are taken, the plain ones before averaged ones, and it prints which. It has to
// fit between double quotes of a shell: no $, no backquote, no double quote, no exclamation mark.
const converter = `import torch,pickle,types,sys; from safetensors.torch import save_file; ` +
	`K='OrderedDict defaultdict _rebuild_tensor_v2 _rebuild_tensor _rebuild_parameter _rebuild_parameter_with_state Parameter Size device dtype'.split(); ` +
	`N=lambda *a,**k:None; P='_parameters _buffers _modules'.split(); ` +
	`S=lambda n:type(n,(dict,),dict(__init__=N,append=N,extend=N,add=N,__setstate__=lambda s,x:s.update(x) if isinstance(x,dict) else None)); ` +
	`U=type('U',(pickle.Unpickler,),dict(find_class=lambda s,m,n:pickle.Unpickler.find_class(s,m,n) ` +
	`if m.split('.')[0] in ('torch','collections') and (n in K or n.endswith('Storage')) else S(n))); ` +
	`d=torch.load(sys.argv[1],map_location='cpu',weights_only=False,pickle_module=types.SimpleNamespace(__name__='pickle',Unpickler=U,load=lambda f,**k:U(f,**k).load())); ` +
	`d=d.state_dict() if hasattr(d,'state_dict') else d; T=torch.is_tensor; ` +
	`F=lambda x,p:{p[:-1]:x} if T(x) else {a:b for k,v in (x.items() if isinstance(x,dict) else []) for a,b in F(v,p if k in P else p+str(k)+'.').items()}; ` +
	`A='model state_dict model_state_dict model_state net network module weights params teacher student backbone model_ema state_dict_ema ema ema_state_dict shadow'.split(); ` +
	`G=lambda d,w:next((G(d[k],w+[k]) for k in A if isinstance(d.get(k),dict) and F(d[k],'')),(d,w)) if not any(T(v) for v in d.values()) and not any(k in d for k in P) else (d,w); ` +
	`d,w=G(d,[]); t=F(d,''); ` +
	`save_file({k:(v.float() if v.is_floating_point() and v.element_size()>4 else v).detach().clone().contiguous() for k,v in t.items()},'model.safetensors'); ` +
	`print('model.safetensors:',len(t),'tensors','of '+'/'.join(w) if w else '')`

// conversion is the line that turns a PyTorch file into safetensors.
func conversion(file string) string {
	return fmt.Sprintf(`python3 -c "%s" '%s'`, converter, strings.ReplaceAll(file, "'", `'\''`))
}
