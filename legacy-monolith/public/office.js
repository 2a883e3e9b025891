// 2014 mk: asks before what cannot be undone
document.addEventListener('click', (event) => {
  const question = event.target.getAttribute?.('data-confirm');
  if (question && !window.confirm(question)) event.preventDefault();
});
