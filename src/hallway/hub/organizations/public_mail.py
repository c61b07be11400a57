"""Domains that give addresses to everybody: nobody can prove that their people are hers."""

from typing import Final

_NAMES: Final = """
    126.com 139.com 163.com 21cn.com 263.net 2die4.com abv.bg aim.com alice.it alumni.com aol.co.uk aol.com arcor.de
    att.net bellsouth.net bigpond.com bigpond.net.au bk.ru bluewin.ch blueyonder.co.uk bol.com.br btinternet.com
    btopenworld.com buffalo.com centrum.cz charter.net chello.at chello.nl club-internet.fr comcast.net cox.net
    daum.net dispostable.com disroot.org duck.com earthlink.net eircom.net email.com email.cz email.it emailn.de
    excite.com fastmail.com fastmail.fm fastmail.net foxmail.com free.fr freenet.de frontier.com gawab.com gmail.com
    gmx.at gmx.ch gmx.com gmx.de gmx.fr gmx.net gmx.us googlemail.com guerrillamail.com hanmail.net hey.com home.nl
    hotmail.be hotmail.ca hotmail.ch hotmail.co.jp hotmail.co.uk hotmail.com hotmail.com.ar hotmail.com.br hotmail.de
    hotmail.es hotmail.fr hotmail.it hotmail.nl hotmail.se hushmail.com icloud.com ig.com.br inbox.com inbox.lv
    inbox.ru interia.pl iol.ie iol.it juno.com kolumbus.fi kpnmail.nl laposte.net libero.it list.ru live.be live.ca
    live.cn live.co.uk live.com live.com.au live.com.mx live.de live.dk live.fr live.it live.nl live.no live.se
    lycos.com mac.com mail.bg mail.com mail.de mail.ee mail.ru mailbox.org mailfence.com mailinator.com me.com msn.com
    mweb.co.za nate.com naver.com netcologne.de netscape.net neuf.fr ntlworld.com o2.pl onet.eu onet.pl online.de
    onmail.com op.pl optonline.net optusnet.com.au orange.fr outlook.at outlook.be outlook.com outlook.com.br
    outlook.de outlook.dk outlook.es outlook.fr outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.pt
    passport.com pm.me pobox.com posteo.de posteo.net proton.me protonmail.ch protonmail.com qq.com rambler.ru
    rediffmail.com riseup.net rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr
    sharklasers.com shaw.ca simplelogin.com sina.cn sina.com sky.com skynet.be sohu.com startmail.com t-online.de
    talktalk.net telenet.be telia.com telus.net temp-mail.org terra.com.br tiscali.co.uk tiscali.it trashmail.com
    tuta.com tuta.io tutanota.com tutanota.de ukr.net uol.com.br usa.net verizon.net videotron.ca virgilio.it
    virgin.net virginmedia.com voila.fr wanadoo.fr web.de windowslive.com wp.pl xs4all.nl xtra.co.nz ya.ru yahoo.at
    yahoo.ca yahoo.cn yahoo.co.id yahoo.co.in yahoo.co.jp yahoo.co.kr yahoo.co.nz yahoo.co.uk yahoo.com yahoo.com.ar
    yahoo.com.au yahoo.com.br yahoo.com.hk yahoo.com.mx yahoo.com.ph yahoo.com.sg yahoo.com.tr yahoo.com.tw
    yahoo.com.vn yahoo.de yahoo.es yahoo.fr yahoo.gr yahoo.ie yahoo.in yahoo.it yahoo.no yahoo.pl yahoo.ro yahoo.se
    yandex.by yandex.com yandex.kz yandex.ru yandex.ua yeah.net ymail.com yopmail.com zoho.com zohomail.com
    zohomail.eu zoznam.sk
"""
PUBLIC_MAIL: Final = frozenset(_NAMES.split())
